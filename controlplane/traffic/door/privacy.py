"""What may be kept of a call: keyed hashes of identities, paths and queries without sensitive values, data classes."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pyarrow as pa

from controlplane import classification


def hashed(column: pa.ChunkedArray, purpose: str, keyed_hash: Callable[[str, str], str]) -> pa.Array:
    """Each value's keyed hash; every distinct value is hashed once, nulls stay null."""
    encoded = column.combine_chunks().dictionary_encode()
    hashes = pa.array([keyed_hash(purpose, value) for value in encoded.dictionary.to_pylist()], pa.string())
    return hashes.take(encoded.indices)


def redacted(table: pa.Table, key: bytes) -> tuple[pa.Array, pa.Array]:
    """Path and query with sensitive values replaced by ``~<class>.<16 hex>``."""
    path = classification.redact_paths(table.column("path").combine_chunks(), key)
    query = classification.redact_queries(table.column("query").combine_chunks(), key)
    return path.values, query.values


def classes_of(table: pa.Table, key: bytes) -> pa.Array:
    """``<where>:<field>:<class>`` of each sensitive value met in path, query, body and response body."""
    lists: list[set[str]] = [set() for _ in range(table.num_rows)]
    for where, column, redact in (
        ("path", "path", classification.redact_paths),
        ("query", "query", classification.redact_queries),
    ):
        for row, found in enumerate(redact(table.column(column).combine_chunks(), key).found.to_pylist()):
            lists[row].update(f"{where}::{name}" for name in found or ())
    for where, column in (("request", "body"), ("response", "response_body")):
        if table.column(column).null_count == table.num_rows:
            continue
        for row, text in enumerate(table.column(column).to_pylist()):
            lists[row].update(f"{where}:{path}:{name}" for path, name in _document_classes(text))
    return pa.array([sorted(entry) for entry in lists], pa.list_(pa.string()))


def _document_classes(text: str | None) -> list[tuple[str, str]]:
    if not text or text[0] not in "{[":
        return []
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    return [
        (field.path, field.data_class)
        for field in classification.classify_document(document)
        if field.data_class
    ]
