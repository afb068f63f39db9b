"""Evaluate a table of requests: gate the columns, run the exact rules on flagged rows only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from .gate import Gate
from .types import Field, Hit, RequestParts, request_score

HIT_SCHEMA = pa.schema(
    [
        ("row", pa.int32()),
        ("rule_id", pa.string()),
        ("pack", pa.string()),
        ("attack_class", pa.string()),
        ("severity", pa.string()),
        ("score", pa.int16()),
        ("field", pa.string()),
        ("value_excerpt", pa.string()),
        ("reason", pa.string()),
    ]
)
"""Columns of `BatchHits.hits`; `row` is the position in the evaluated table."""


class Evaluator(Protocol):
    """What the batch path needs of an engine."""

    def evaluate(self, parts: RequestParts) -> list[Hit]:
        """Hits of one request."""

    def constant_field_hits(self, field: Field) -> list[Hit]:
        """Hits of a field whose values repeat (method, user agent); may be cached."""


@dataclass(frozen=True, slots=True)
class BatchHits:
    """Hits of a batch: `hits` has `HIT_SCHEMA` ordered by row, `scores` one request score (0..100) per row,
    `evaluated` the number of rows the exact rules saw."""

    hits: pa.Table
    scores: pa.Array
    evaluated: int

    def lists(self, column: str = "rule_id") -> pa.ListArray:
        """One list per row of the evaluated table with that column of its hits (empty when it has none)."""
        offsets = [0] * (len(self.scores) + 1)
        for row in self.hits["row"].to_pylist():
            offsets[row + 1] += 1
        values = self.hits[column].combine_chunks()
        return pa.ListArray.from_arrays(pa.array(accumulate(offsets), pa.int32()), values)


def _headers(text: str | None, user_agent: str | None) -> tuple[tuple[str, str], ...]:
    """Header pairs from JSON (`{"name": "value"}` or `[["name", "value"]]`); unreadable text is one header."""
    pairs: list[tuple[str, str]] = []
    if text:
        try:
            document = msgspec.json.decode(text)
        except msgspec.DecodeError:
            document = [["unreadable", text]]
        items: Iterable[Any] = document.items() if isinstance(document, dict) else document
        if isinstance(document, dict | list):
            pairs = [(str(item[0]), str(item[1])) for item in items if len(item) == 2]
    if user_agent and not any(name.lower() == "user-agent" for name, _ in pairs):
        pairs.append(("User-Agent", user_agent))
    return tuple(pairs)


def _repeated(engine: Evaluator, column: pa.ChunkedArray, place: str, name: str) -> set[int]:
    """Rows whose value of a low-cardinality column has hits; every distinct value is evaluated once."""
    encoded = column.combine_chunks().dictionary_encode()
    bad = [
        position
        for position, value in enumerate(encoded.dictionary.to_pylist())
        if value and engine.constant_field_hits(Field(place, name, value))
    ]
    if not bad:
        return set()
    matches = pc.is_in(encoded.indices, value_set=pa.array(bad, encoded.indices.type))
    return set(pc.indices_nonzero(matches).to_pylist())


def _flag(engine: Evaluator, gate: Gate, table: pa.Table) -> list[int]:
    flagged = gate.query_rows(table["query"]) | gate.path_rows(table["path"])
    flagged |= _repeated(engine, table["method"], "method", "method")
    flagged |= _repeated(engine, table["user_agent"], "user_agent", "header.user-agent")
    for optional in ("headers_json", "body"):
        if optional in table.column_names:
            flagged |= gate.body_rows(table[optional])
    return sorted(flagged)


def evaluate_table(engine: Evaluator, gate: Gate, table: pa.Table) -> BatchHits:
    """Hits of every row of `table` (columns method, path, query, user_agent, optionally headers_json, body,
    content_type; strings, nulls mean unknown)."""
    rows = _flag(engine, gate, table)
    scores = [0.0] * table.num_rows
    columns: dict[str, list[Any]] = {name: [] for name in HIT_SCHEMA.names}
    for position, record in zip(rows, table.take(pa.array(rows, pa.int64())).to_pylist(), strict=True):
        hits = engine.evaluate(
            RequestParts(
                record["method"] or "", record["path"] or "", record["query"] or "",
                _headers(record.get("headers_json"), record["user_agent"]), record.get("body"),
                record.get("content_type"),
            )
        )  # fmt: skip
        if not hits:
            continue
        scores[position] = request_score(hits)
        columns["row"] += [position] * len(hits)
        for name in HIT_SCHEMA.names[1:]:
            columns[name] += [getattr(hit, name) for hit in hits]
    return BatchHits(pa.table(columns, schema=HIT_SCHEMA), pa.array(scores, pa.float32()), len(rows))
