"""What may be kept of a call: keyed hashes of identities, paths and queries without sensitive values, data classes."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pyarrow as pa

from controlplane.classification import classify_document, redact_name, redact_paths, redact_queries

#: Texts that senders or gateways choose and that say who or what: a key put there by mistake is replaced.
NAMED = ("declared_route", "upstream", "consumer", "user_agent", "request_content_type")


def hashed(column: pa.ChunkedArray, purpose: str, keyed_hash: Callable[[str, str], str]) -> pa.Array:
    """Each value's keyed hash; every distinct value is hashed once, nulls stay null."""
    encoded = column.combine_chunks().dictionary_encode()
    hashes = pa.array([keyed_hash(purpose, value) for value in encoded.dictionary.to_pylist()], pa.string())
    return hashes.take(encoded.indices)


def redact(table: pa.Table, key: bytes) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Path and query with sensitive values replaced by ``~<class>.<16 hex>``, and what was met where.

    The third array lists ``<where>:<field>:<class>`` per call; where is path, query, request or response, field a
    JSON path or empty.
    """
    paths, in_path = redact_paths(table.column("path"), key)
    queries, in_query = redact_queries(table.column("query"), key)
    lists: list[set[str]] = [set() for _ in range(table.num_rows)]
    for where, found in (("path", in_path), ("query", in_query)):
        for row, names in enumerate(found.to_pylist()):
            lists[row].update(f"{where}::{name}" for name in names or ())
    for where, column in (("request", "body"), ("response", "response_body")):
        _document_classes(where, table.column(column), lists, key)
    return paths, queries, pa.array([sorted(entry) for entry in lists], pa.list_(pa.string()))


def _document_classes(where: str, column: pa.ChunkedArray, lists: list[set[str]], key: bytes) -> None:
    if column.null_count == len(column):
        return
    for row, text in enumerate(column.to_pylist()):
        if not text or text[0] not in "{[":
            continue
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        lists[row].update(
            f"{where}:{redact_name(field.path, key)}:{field.data_class.id}"
            for field in classify_document(document)
        )
