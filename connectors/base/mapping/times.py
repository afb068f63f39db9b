"""Times as integer microseconds since the epoch: ISO 8601, common-log and epoch numbers, column by column."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.mapping.kernels import per_distinct, where

_FIRST_US: Final = 0
_LATEST_US: Final = 4_102_444_800_000_000  # the year 2100
_ISO: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"
_FINER: Final = r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})\d+(Z|[+-]\d\d:\d\d)$"
_CLF: Final = r"^\[?\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]?$"
_INTEGER: Final = r"^[0-9]{1,18}$"
#: From, below, times, divided by: seconds, milliseconds, microseconds, nanoseconds.
_UNITS: Final = (
    (1, 10**11, 1_000_000, 1),
    (10**11, 10**14, 1000, 1),
    (10**14, 10**17, 1, 1),
    (10**17, 2**63, 1, 1000),
)
_STAMP: Final = pa.timestamp("us", tz="UTC")


def moment(value: Any) -> int | None:
    """One time of any kind: ISO 8601 with an offset, common log, or epoch seconds to nanoseconds by size."""
    if type(value) is int:
        return _scaled(value)
    if isinstance(value, str):
        value = value.strip().strip("[]")
        if not value.replace(".", "", 1).isdigit():
            return _written(value)
        if value.isdigit():
            return _scaled(int(value)) if len(value) < 20 else None
    try:
        number = 0.0 if type(value) is bool else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not 0 < number < 1e19:
        return None
    unit = 1e6 if number < 1e11 else 1e3 if number < 1e14 else 1.0 if number < 1e17 else 1e-3
    found = round(number * unit)
    return found if found < _LATEST_US else None


def _scaled(number: int) -> int | None:
    if number <= 0:
        return None
    if number < 10**11:
        number *= 1_000_000
    elif number < 10**14:
        number *= 1000
    elif number >= 10**17:
        number //= 1000
    return number if number < _LATEST_US else None


def _written(value: str) -> int | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        try:
            found = datetime.strptime(value, "%d/%b/%Y:%H:%M:%S %z")
        except ValueError:
            return None
    if found.tzinfo is None or not 1971 <= found.year <= 2099:
        return None
    return int(found.replace(microsecond=0).timestamp()) * 1_000_000 + found.microsecond


def from_numbers(numbers: pa.Array) -> pa.Array:
    """Epoch integers (int64) in seconds, milliseconds, microseconds or nanoseconds, told apart by their size."""
    low, high = pc.min_max(numbers).values()
    if not low.is_valid:
        return numbers
    first, last = low.as_py(), high.as_py()
    for floor, ceiling, factor, divisor in _UNITS:
        if floor <= first and last < ceiling:
            return plausible(pc.divide(pc.multiply(numbers, factor), divisor))
    return per_distinct(numbers, _scaled, pa.int64())


def from_milliseconds(numbers: pa.Array) -> pa.Array:
    """Epoch milliseconds (int64) and nothing else."""
    fitting = pc.and_(pc.greater(numbers, 0), pc.less(numbers, _LATEST_US // 1000))
    return pc.multiply(where(fitting, numbers), 1000)


def from_texts(texts: pa.Array) -> pa.Array:
    """Times written out; what is none is null."""
    for pattern, parsed in (
        (_ISO, _from_iso),
        (_FINER, _from_finer),
        (_CLF, _from_clf),
        (_INTEGER, _from_digits),
    ):
        fits = pc.match_substring_regex(texts, pattern)
        if pc.all(fits).as_py() is not False and texts.null_count < len(texts):
            try:
                return parsed(texts)
            except pa.ArrowInvalid:  # a month 13 somewhere
                break
    return per_distinct(texts, moment, pa.int64())


def _from_iso(texts: pa.Array) -> pa.Array:
    return plausible(pc.cast(pc.cast(texts, _STAMP), pa.int64()))


def _from_finer(texts: pa.Array) -> pa.Array:
    return _from_iso(pc.replace_substring_regex(texts, _FINER, r"\1\2"))


def _from_clf(texts: pa.Array) -> pa.Array:
    texts = pc.utf8_trim(texts, "[]")
    local = pc.strptime(pc.utf8_slice_codeunits(texts, 0, 20), "%d/%b/%Y:%H:%M:%S", "us", error_is_null=True)
    offsets = per_distinct(pc.utf8_slice_codeunits(texts, 21), _offset, pa.int64())
    return plausible(pc.subtract(pc.cast(local, pa.int64()), offsets))


def _offset(text: str) -> int | None:
    """``+0200`` in microseconds; no zone is a day away from UTC."""
    hours, minutes = int(text[1:3]), int(text[3:5])
    if hours > 23 or minutes > 59:
        return None
    return (hours * 3600 + minutes * 60) * 1_000_000 * (-1 if text[0] == "-" else 1)


def _from_digits(texts: pa.Array) -> pa.Array:
    return from_numbers(pc.cast(texts, pa.int64()))


def plausible(stamps: pa.Array) -> pa.Array:
    """Times after 1970 and before 2100; others are null."""
    return where(pc.and_(pc.greater(stamps, _FIRST_US), pc.less(stamps, _LATEST_US)), stamps)
