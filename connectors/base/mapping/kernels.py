"""Whole-column steps that every converter is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

_ABSOLUTE: Final = r"^[A-Za-z][A-Za-z0-9+.-]*://"
_PARTS: Final = r"^(?:[A-Za-z][A-Za-z0-9+.-]*://(?P<host>[^/?#]*))?(?P<path>[^?]*)(?P<query>(?s:\?.*)?)$"
_REQUEST: Final = (
    r"^(?P<method>[A-Za-z][A-Za-z_-]{1,31}) (?P<target>\S.*?)(?: (?P<protocol>HTTP/[0-9](?:\.[0-9])?))?$"
)


@lru_cache(maxsize=128)
def nulls(count: int, kind: pa.DataType) -> pa.Array:
    """``count`` times null."""
    return pa.nulls(count, kind)


def per_distinct(column: pa.Array, convert: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    """``convert`` of every value, called once per distinct one; null stays null."""
    if column.null_count == len(column):
        return nulls(len(column), kind)
    encoded = column.dictionary_encode()
    made = pa.array([convert(value) for value in encoded.dictionary.to_pylist()], type=kind)
    return made.take(encoded.indices)


def where(mask: pa.Array, column: pa.Array) -> pa.Array:
    """``column`` where ``mask`` holds, null elsewhere."""
    if mask.null_count == 0 and pc.all(mask).as_py() is not False:
        return column
    return pc.if_else(mask, column, pa.scalar(None, column.type))


def coalesced(first: pa.Array | None, second: pa.Array | None) -> pa.Array | None:
    """``first`` where it has a value, else ``second``."""
    if first is None or second is None:
        return second if first is None else first
    if not first.null_count or second.null_count == len(second):
        return first
    if first.null_count == len(first) and first.type == second.type:
        return second
    return pc.coalesce(first, second)


def constant(value: str, count: int) -> pa.Array:
    """``count`` times the same text."""
    return pa.repeat(pa.scalar(value, pa.string()), count)


def marked(column: pa.Array, value: Any) -> pa.Array:
    """``value`` wherever ``column`` has one, null elsewhere."""
    return pc.if_else(pc.is_valid(column), pa.scalar(value), pa.scalar(None, pa.scalar(value).type))


def split_target(target: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array | None]:
    """Path, query and (of absolute URLs) authority of request targets.

    A target without "?" has the query "": none was sent. An empty path is "/".
    """
    if not pc.any(pc.match_substring_regex(target, _ABSOLUTE)).as_py():
        at = pc.find_substring(target, "?")
        if pc.max(at).as_py() in (None, -1):
            return _rooted(target), marked(target, ""), None
        cut = pc.split_pattern(target, "?", max_splits=1)
        path = pc.list_element(cut, 0)
        asked = pc.greater(pc.list_value_length(cut), 1)
        query = pc.utf8_slice_codeunits(target, 0, 0)
        places = pc.indices_nonzero(pc.fill_null(asked, False))
        query = pc.replace_with_mask(query, pc.fill_null(asked, False), pc.list_element(cut.take(places), 1))
        return _rooted(path), query, None
    parts = pc.extract_regex(target, _PARTS)
    host = pc.struct_field(parts, "host")
    query = pc.utf8_slice_codeunits(pc.struct_field(parts, "query"), 1)
    return _rooted(pc.struct_field(parts, "path")), query, where(pc.not_equal(host, ""), host)


def split_request(line: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Method, target and protocol of request lines; null where a line is none."""
    parts = pc.extract_regex(line, _REQUEST)
    method, target, protocol = (pc.struct_field(parts, name) for name in ("method", "target", "protocol"))
    return method, target, where(pc.not_equal(protocol, ""), protocol)


def _rooted(path: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(path, ""), "/", path)
