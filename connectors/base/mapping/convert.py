"""The named converters: from cells as a reader gives them to a column of the neutral call.

Each takes whole columns the fast way when they are what one expects, and cell by cell when they are not.
What a converter cannot read is null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.columns import address, http_status, plain_host, whole
from connectors.base.mapping import times
from connectors.base.mapping.columns import Cells
from connectors.base.mapping.headers import header_column
from connectors.base.mapping.kernels import nulls, per_distinct, where
from connectors.base.mapping.packing import each, packed

#: What logs write for nothing.
NOTHING: Final = pa.array(["", "-", "(not set)", "null"])

_TEXT: Final = pa.string()
_NONE: Final = pa.scalar(None, pa.string())
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = rf"^{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}$"
_WHOLE: Final = r"^-?[0-9]{1,18}$"
_DECIMAL: Final = r"^[0-9]{1,12}(\.[0-9]{0,12})?$"
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})


def strings(cells: Cells) -> pa.Array:
    """Texts; anything else is null."""
    column = packed(cells)
    if isinstance(column, list):
        return pa.array(list(map(_text_of, column)), pa.string())
    return column if column.type == _TEXT else pa.nulls(len(column), _TEXT)


def written(cells: Cells) -> pa.Array:
    """Texts, and numbers as texts."""
    column = packed(cells)
    if not isinstance(column, list) and column.type != _TEXT:
        column = column.to_pylist() if column.type == pa.float64() else pc.cast(column, _TEXT)
    return column if isinstance(column, pa.Array) else pa.array(list(map(_written_of, column)), pa.string())


def _text_of(cell: Any) -> str | None:
    return cell.encode(errors="replace").decode() if type(cell) is str else None


def _written_of(cell: Any) -> str | None:
    return str(cell) if type(cell) in (int, float) else _text_of(cell)


def said(texts: pa.Array) -> pa.Array:
    """Texts that say something: not empty, not the "-", "(not set)" and "null" that logs write for nothing."""
    silent = pc.is_in(texts, NOTHING)
    return pc.if_else(silent, _NONE, texts) if pc.any(silent).as_py() else texts


def _text(cells: Cells) -> pa.Array:
    return said(strings(cells))


def _written(cells: Cells) -> pa.Array:
    return said(written(cells))


def _upper(cells: Cells) -> pa.Array:
    return pc.utf8_upper(_text(cells))


def _host(cells: Cells) -> pa.Array:
    return per_distinct(strings(cells), plain_host, pa.string())


def _address(cells: Cells) -> pa.Array:
    texts = strings(cells)
    plain = pc.match_substring_regex(texts, _IPV4)
    if pc.all(plain).as_py() is not False:
        return texts
    rest = per_distinct(where(pc.invert(plain), texts), address, pa.string())
    return pc.coalesce(where(plain, texts), rest)


def _peer(cells: Cells) -> pa.Array:
    """``192.0.2.1:443`` and ``[2001:db8::1]:443``."""
    return _address(per_distinct(strings(cells), without_port, pa.string()))


def without_port(value: str) -> str:
    """An address without the port behind it."""
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.partition(":")[0] if value.count(":") == 1 else value


def _first_address(cells: Cells) -> pa.Array:
    """The first address of a list such as X-Forwarded-For."""
    return _peer(per_distinct(strings(cells), lambda value: value.partition(",")[0].strip(), pa.string()))


def integers(cells: Cells) -> pa.Array:
    """Whole numbers from numbers and from texts."""
    column = packed(cells)
    if isinstance(column, list) or column.type == pa.float64():
        return pa.array([whole(cell) for cell in each(column)], pa.int64())
    if column.type == _TEXT:
        return pc.cast(where(pc.match_substring_regex(column, _WHOLE), column), pa.int64())
    return column


def decimals(cells: Cells) -> pa.Array:
    """Numbers that are not negative, from numbers and from texts."""
    column = packed(cells)
    if isinstance(column, list):
        return pa.array(list(map(_decimal_of, column)), pa.float64())
    if column.type == _TEXT:
        return pc.cast(where(pc.match_substring_regex(column, _DECIMAL), column), pa.float64())
    column = pc.cast(column, pa.float64(), safe=False)
    return where(pc.and_(pc.greater_equal(column, 0.0), pc.less(column, 1e18)), column)


def _decimal_of(cell: Any) -> float | None:
    try:
        found = -1.0 if type(cell) is bool else float(cell)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if 0 <= found < 1e18 else None


def _milliseconds(factor: float) -> Callable[[Cells], pa.Array]:
    def converted(cells: Cells) -> pa.Array:
        found = decimals(cells)
        if factor != 1.0:
            found = pc.multiply(found, factor)
        return pc.cast(where(pc.less(found, 1e12), found), pa.float32())

    return converted


def _status(cells: Cells) -> pa.Array:
    column = packed(cells)
    if isinstance(column, list) or column.type == pa.float64():
        return pa.array([http_status(cell) for cell in each(column)], pa.int16())
    if column.type == _TEXT:
        return per_distinct(column, http_status, pa.int16())
    return pc.cast(
        where(pc.and_(pc.greater_equal(column, 100), pc.less_equal(column, 599)), column), pa.int16()
    )


def _time(cells: Cells) -> pa.Array:
    column = packed(cells)
    if isinstance(column, list) or column.type == pa.float64():
        return pa.array([times.moment(cell) for cell in each(column)], pa.int64())
    return times.from_texts(column) if column.type == _TEXT else times.from_numbers(column)


def _epoch_ms(cells: Cells) -> pa.Array:
    return times.from_milliseconds(integers(cells))


def _flag(cells: Cells) -> pa.Array:
    column = packed(cells)
    if isinstance(column, pa.Array) and column.type == _TEXT:
        return per_distinct(column, _truth, pa.bool_())
    return pa.array([cell if type(cell) is bool else _truth(cell) for cell in each(column)], pa.bool_())


def _truth(cell: Any) -> bool | None:
    name = str(cell).lower()
    return True if name in _TRUE else False if name in _FALSE else None


def _texts(cells: Cells) -> pa.Array:
    """Lists of texts; a single text is a list of one."""
    return pa.array([_list_of(cell) for cell in each(cells)], pa.list_(pa.string()))


def _list_of(cell: Any) -> list[str] | None:
    if type(cell) is list:
        return [text for text in map(_written_of, cell) if text]
    text = _written_of(cell)
    return None if text is None else [text] if text not in ("", "-") else []


#: Converter by name; ``From(..., kind=name)`` uses it.
CONVERTERS: Final[dict[str, Callable[[Cells], pa.Array]]] = {
    "text": _text,
    "written": _written,  # numbers too, as text
    "raw": strings,  # "" and "-" are values
    "upper": _upper,
    "host": _host,
    "address": _address,
    "peer": _peer,  # an address with a port
    "first_address": _first_address,
    "whole": integers,
    "status": _status,
    "time": _time,  # ISO 8601, common log, epoch s, ms, µs or ns
    "epoch_ms": _epoch_ms,
    "millis": _milliseconds(1.0),
    "seconds": _milliseconds(1000.0),
    "micros": _milliseconds(0.001),
    "nanos": _milliseconds(0.000001),
    "flag": _flag,
    "texts": _texts,
    "headers": header_column,
}


#: Type of a converter's column where it is not text.
_TYPES: Final[dict[str, pa.DataType]] = {
    **dict.fromkeys(("whole", "time", "epoch_ms"), pa.int64()),
    **dict.fromkeys(("millis", "seconds", "micros", "nanos"), pa.float32()),
    "status": pa.int16(),
    "flag": pa.bool_(),
    "texts": pa.list_(pa.string()),
    "headers": pa.map_(pa.string(), pa.string()),
}


def convert(kind: str, cells: Cells) -> pa.Array:
    """The column of ``cells`` by the named converter."""
    column = packed(cells)
    if isinstance(column, pa.Array) and column.null_count == len(column):
        return nulls(len(column), _TYPES.get(kind, _TEXT))
    return CONVERTERS[kind](column)
