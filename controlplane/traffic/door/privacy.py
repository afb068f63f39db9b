"""What may be kept of a call: keyed hashes of identities, paths and queries without sensitive values, data classes."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pyarrow as pa

from controlplane.classification import ClassKinds, DocumentClasses, redact_name, redact_paths, redact_queries
from controlplane.textcolumns import distinct, encode

#: Texts that senders or gateways choose and that say who or what: a key put there by mistake is replaced.
NAMED = ("declared_route", "upstream", "consumer", "user_agent", "request_content_type")


def hashed(column: pa.ChunkedArray, purpose: str, keyed_hash: Callable[[str, str], str]) -> pa.Array:
    """Each value's keyed hash; every distinct value is hashed once, nulls stay null."""
    encoded = encode(column)
    hashes = pa.array([keyed_hash(purpose, value) for value in encoded.dictionary.to_pylist()], pa.string())
    return hashes.take(encoded.indices)


def redact(table: pa.Table, key: bytes) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Path and query with sensitive values replaced by ``~<class>.<16 hex>``, and what was met where.

    The third array lists ``<where>:<field>:<class>`` per call; where is path, query, request or response, field a
    JSON path or empty.
    """
    paths, in_path = redact_paths(table.column("path"), key)
    queries, in_query = redact_queries(table.column("query"), key)
    met = {
        "path": _labelled("path", in_path),
        "query": _labelled("query", in_query),
        "request": _document_classes("request", table.column("body"), key),
        "response": _document_classes("response", table.column("response_body"), key),
    }
    return paths, queries, _union(list(met.values()))


def _labelled(where: str, classes: ClassKinds) -> ClassKinds:
    return ClassKinds(
        classes.kinds, tuple(tuple(f"{where}::{name}" for name in names) for names in classes.lists)
    )


def _union(parts: list[ClassKinds]) -> pa.Array:
    """Per row the sorted names of all parts; every combination is put together once."""
    parts = [part for part in parts if len(part.lists) > 1] or parts[:1]
    same = distinct([part.kinds for part in parts])
    entries = [part.kinds.take(same.first).to_pylist() for part in parts]
    lists = [
        sorted({name for part, entry in zip(parts, combination, strict=True) for name in part.lists[entry]})
        for combination in zip(*entries, strict=True)
    ]
    return pa.array(lists, pa.list_(pa.string())).take(same.kinds)


def _document_classes(where: str, column: pa.ChunkedArray, key: bytes) -> ClassKinds:
    """What JSON documents hold; equal documents are read once, and so are equal values under a name."""
    encoded = encode(column)
    reader = DocumentClasses()
    found: dict[int, list[str]] = {}
    for position, text in enumerate(encoded.dictionary.to_pylist()):
        if not text or text[0] not in "{[":
            continue
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        names = {
            f"{where}:{redact_name(path, key)}:{data_class.id}"
            for path, data_class in reader.met_in(document)
        }
        if names:
            found[position] = sorted(names)
    return ClassKinds.of(encoded, found)
