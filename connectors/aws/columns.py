"""Columns of neutral calls: typed conversion, merging of two sources, and the final table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import NORMALISED_SCHEMA, CallBatch, Quarantined
from connectors.base.mapping import Cells, each, per_distinct
from connectors.base.mapping.convert import strings, written
from connectors.base.mapping.kernels import where as where_true
from connectors.base.mapping.packing import packed

#: Column name -> values, all of one length; a missing column is all null.
Columns = dict[str, pa.Array]

_REQUIRED: Final = ("ts", "method", "path")
_EXCERPT: Final = 80
_NONE = ("", "-", None)
_SAYING_NOTHING: Final = pa.array(["", "-"])
_WHOLE: Final = r"^-?[0-9]{1,18}$"
_DECIMAL: Final = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"


def texts(values: Cells) -> pa.Array:
    """Strings; ``-``, "" and null are null, numbers are written out."""
    column = written(values)
    return where_true(pc.invert(pc.is_in(column, _SAYING_NOTHING)), column)


def integers(values: Cells, kind: pa.DataType = pa.int64()) -> pa.Array:
    """Whole numbers from numbers or texts; what is none, or does not fit, is null."""
    column = packed(values)
    if isinstance(column, list) or column.type == pa.float64():
        column = pa.array([_fitting(_integer(value)) for value in each(column)], pa.int64())
    elif column.type == pa.string():
        if pc.all(pc.match_substring_regex(column, _WHOLE)).as_py() is False:
            column = per_distinct(column, lambda value: _fitting(_integer(value)), pa.int64())
        else:
            column = pc.cast(column, pa.int64())
    if kind == pa.int64():
        return column
    top = 2 ** (kind.bit_width - 1)
    return pc.cast(where_true(pc.and_(pc.greater_equal(column, -top), pc.less(column, top)), column), kind)


def _fitting(value: int | None) -> int | None:
    return value if value is not None and -(2**63) <= value < 2**63 else None


def _integer(value: Any) -> int | None:
    if type(value) is int:
        return value
    if value in _NONE or isinstance(value, bool):
        return None
    for convert in (int, lambda text: int(float(text))):
        try:
            return convert(value)
        except (TypeError, ValueError, OverflowError):
            continue
    return None


def milliseconds(values: Cells) -> pa.Array:
    """Durations in ms as 32-bit floats."""
    column = packed(values)
    if isinstance(column, list):
        return pa.array([_float(value) for value in column], type=pa.float32())
    if column.type == pa.string() and pc.all(pc.match_substring_regex(column, _DECIMAL)).as_py() is False:
        return per_distinct(column, _float, pa.float32())
    return pc.cast(pc.cast(column, pa.float64(), safe=False), pa.float32())


def _float(value: Any) -> float | None:
    try:
        return None if value in _NONE else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def epoch_ms(values: Cells) -> pa.Array:
    """Epoch milliseconds as microseconds; what lies outside the years 1970 to 2286 is no time of a request."""
    found = integers(values)
    plausible = pc.and_(pc.greater_equal(found, 0), pc.less(found, 10**13))
    return pc.multiply(where_true(plausible, found), 1000)


@lru_cache(maxsize=65536)
def _clf_time(text: str) -> int | None:
    """``10/Jun/2023:15:36:28 +0000`` (also ISO 8601) as µs since the epoch."""
    for parse in (lambda value: datetime.strptime(value, "%d/%b/%Y:%H:%M:%S %z"), datetime.fromisoformat):
        try:
            moment = parse(text.strip().strip("[]"))
        except ValueError:
            continue
        return int(moment.timestamp() * 1_000_000) if moment.tzinfo else None
    return None


def clf_times(values: Cells) -> pa.Array:
    """CLF times as microseconds; null where unreadable."""
    return per_distinct(strings(values), _clf_time, pa.int64())


def where(mask: pa.Array, column: pa.Array | None, kind: pa.DataType) -> pa.Array | None:
    """``column`` where ``mask`` holds, null elsewhere."""
    return None if column is None else pc.if_else(mask, column, pa.scalar(None, kind))


def take_rows(columns: Columns, indices: Sequence[int | None], length: int) -> Columns:
    """Columns stretched to ``length`` rows: row i takes ``indices[i]``; None gives nulls."""
    positions = pa.array(indices, type=pa.int64())
    if len(positions) != length:
        raise ValueError("one index per row is needed")
    return {name: column.take(positions) for name, column in columns.items()}


def finished(
    source: str,
    columns: Mapping[str, pa.Array | None],
    records: Sequence[bytes],
    call_ids: Callable[[int], str],
    reasons: Mapping[int, str],
) -> CallBatch:
    """The batch: rows that lack a time, a method or a path are quarantined with their reason."""
    count = len(records)
    filled: Columns = {}
    for entry in NORMALISED_SCHEMA:
        column = columns.get(entry.name)
        filled[entry.name] = pa.nulls(count, entry.type) if column is None else column
    filled["method"] = pc.utf8_upper(filled["method"])
    good = pa.array([True] * count, type=pa.bool_())
    for name in _REQUIRED:
        good = pc.and_(good, pc.is_valid(filled[name]))
    if filled["call_id"].null_count:
        ids = filled["call_id"].to_pylist()
        filled["call_id"] = pa.array(
            [value if value is not None else call_ids(row) for row, value in enumerate(ids)], type=pa.string()
        )
    table = pa.table(
        [filled[entry.name] for entry in NORMALISED_SCHEMA],
        schema=pa.schema([entry.with_nullable(True) for entry in NORMALISED_SCHEMA]),
    )
    quarantined: list[Quarantined] = []
    if pc.all(good).as_py() is False:
        for row in pc.indices_nonzero(pc.invert(good)).to_pylist():
            missing = [name for name in _REQUIRED if not filled[name][row].is_valid]
            names = {"ts": "time", "method": "method", "path": "path"}
            reason = reasons.get(row) or f"no {' and no '.join(names[name] for name in missing)}"
            quarantined.append(Quarantined(reason, _excerpt(records[row]), row + 1))
        table = table.filter(good)
    return CallBatch(source, table.cast(NORMALISED_SCHEMA), tuple(quarantined))


def _excerpt(record: bytes) -> str:
    """The start of a record for the operator: shape only. Values may be secrets, so letters and digits are masked."""
    text = record[:_EXCERPT].decode("utf-8", "replace")
    return "".join("x" if char.isalnum() else char for char in text)
