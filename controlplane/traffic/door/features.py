"""Features read from a call before its contents are dropped: signature hits, and the names and types of fields."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote_plus

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from controlplane.classification import redact_name
from controlplane.signatures import Engine, request_score
from controlplane.textcolumns import encode

_MAX_FIELDS = 64
_MAX_DEPTH = 6
#: No issuer writes a shorter one.
_SHORTEST_SECRET = 12


@cache
def engine() -> Engine:
    """The compiled rule packs, once per process."""
    return Engine.load()


def signature_columns(table: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Signature hits per call as ``<attack class>:<rule id>`` and the request's score (0..100)."""
    columns = {name: table.column(name) for name in ("method", "path", "query", "user_agent", "body")}
    columns["content_type"] = table.column("request_content_type")
    found = engine().evaluate_distinct(pa.table(columns))
    names = [
        list(dict.fromkeys(f"{hit.attack_class}:{hit.rule_id}" for hit in hits)) for hits in found.requests
    ]
    # Single precision as in the batch's scores, so that a half is rounded alike.
    scores = pc.round(pa.array([request_score(hits) for hits in found.requests], pa.float32()))
    lists = pa.array(names, pa.list_(pa.string()))
    return lists.take(found.kinds), pc.cast(scores, pa.int16()).take(found.kinds)


def value_type(value: str) -> str:
    """The JSON type a raw query value looks like when decoded: integer, number, boolean or string."""
    first = value[:1]
    if first.isalpha() and first not in "tTfF":  # decoding leaves it the first character
        return "string"
    if "%" in value or "+" in value:
        value = unquote_plus(value, errors="replace")
    if value.lower() in ("true", "false"):
        return "boolean"
    body = value[1:] if value[:1] == "-" else value
    if body.isascii() and body.isdigit():
        return "integer"
    head, dot, tail = body.partition(".")
    if dot and head.isascii() and head.isdigit() and tail.isascii() and tail.isdigit():
        return "number"
    return "string"


@lru_cache(maxsize=65_536)
def safe_name(name: str, key: bytes) -> str:
    """The name of a field, cut; a secret sent as a name is replaced."""
    return (redact_name(name, key) if len(name) >= _SHORTEST_SECRET else name)[:80]


def query_field_types(query: str | None, key: bytes) -> list[str] | None:
    """``name:type`` of each parameter of a raw query; null when the source does not log queries."""
    if query is None:
        return None
    found: set[str] = set()
    pairs = [pair.partition("=") for pair in query[:8192].split("&") if pair]
    for name, _, value in pairs[:_MAX_FIELDS]:
        if "%" in name or "+" in name:
            name = unquote_plus(name, errors="replace")
        found.add(f"{safe_name(name, key)}:{value_type(value)}")
    return sorted(found)


def json_field_types(text: str | None, key: bytes) -> list[str] | None:
    """``$.path:type`` of each field of a JSON body, arrays as ``[]``; null without a readable JSON body."""
    if not text or text[0] not in "{[":
        return None
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    found: dict[str, None] = {}
    _walk(document, "$", 0, found, key)
    return list(found)


def _walk(value: Any, path: str, depth: int, found: dict[str, None], key: bytes) -> None:
    if len(found) >= _MAX_FIELDS or depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            _walk(inner, f"{path}.{safe_name(name, key)}", depth + 1, found, key)
    elif isinstance(value, list):
        for inner in value[:5]:
            _walk(inner, f"{path}[]", depth + 1, found, key)
    else:
        found[f"{path}:{_json_type(value)}"] = None


def _json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return {int: "integer", float: "number"}.get(type(value), "string")


def fields_of(table: pa.Table, key: bytes) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Field names and types of query, request body and response body, one list per call."""
    kind = pa.list_(pa.string())
    columns = []
    readers: tuple[tuple[str, Callable[[str | None, bytes], list[str] | None]], ...] = (
        ("query", query_field_types),
        ("body", json_field_types),
        ("response_body", json_field_types),
    )
    for name, read in readers:
        column = table.column(name)
        if column.null_count == table.num_rows:
            columns.append(pa.nulls(table.num_rows, kind))
            continue
        encoded = encode(column)
        values = pa.array([read(value, key) for value in encoded.dictionary.to_pylist()], type=kind)
        columns.append(values.take(encoded.indices))
    return columns[0], columns[1], columns[2]
