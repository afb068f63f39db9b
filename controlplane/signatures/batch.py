"""Evaluate a table of requests: gate the columns, run the exact rules on flagged requests only, equal ones once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from controlplane.textcolumns import distinct, encode, matching

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
FieldHits = dict[tuple[str, str, str], list[Hit]]
"""Hits of the fields of one batch by place, name and value."""


class Evaluator(Protocol):
    """What the batch path needs of an engine."""

    def evaluate(
        self, parts: RequestParts, known: FieldHits | None = None, excerpts: bool = True
    ) -> list[Hit]:
        """Hits of one request; those of its fields are taken from `known` and added to it."""

    def constant_field_hits(self, field: Field) -> list[Hit]:
        """Hits of a field whose values repeat (method, user agent); may be cached."""


@dataclass(frozen=True, slots=True)
class DistinctHits:
    """Hits of a batch, equal requests once: `kinds` says per row which entry of `requests` has its hits (the first
    one is empty), `evaluated` is the number of rows whose request the exact rules saw."""

    kinds: pa.Array
    requests: tuple[list[Hit], ...]
    evaluated: int


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


def _repeated(engine: Evaluator, values: pa.Array, place: str, name: str) -> list[int]:
    """Positions of distinct values of a low-cardinality column that have hits."""
    return [
        position
        for position, value in enumerate(values.to_pylist())
        if value and engine.constant_field_hits(Field(place, name, value))
    ]


def _suspicious(engine: Evaluator, gate: Gate, name: str, values: pa.Array) -> list[int]:
    """Positions of the distinct values of a column that the exact rules must see."""
    if name == "query":
        return gate.query_rows(values)
    if name == "path":
        return gate.path_rows(values)
    if name == "method":
        return _repeated(engine, values, "method", "method")
    if name == "user_agent":
        return _repeated(engine, values, "user_agent", "header.user-agent")
    return [] if name == "content_type" else gate.body_rows(values)


_COLUMNS = ("method", "path", "query", "user_agent", "headers_json", "body", "content_type")


def evaluate_distinct(engine: Evaluator, gate: Gate, table: pa.Table, excerpts: bool = True) -> DistinctHits:
    """Hits of the distinct requests of `table` (columns method, path, query, user_agent, optionally headers_json,
    body, content_type; strings, nulls mean unknown)."""
    encoded = {
        name: encode(table[name])
        for name in _COLUMNS
        if name in table.column_names and table[name].null_count < table.num_rows
    }
    flags = pa.repeat(pa.scalar(False), table.num_rows)
    for name, column in encoded.items():
        positions = _suspicious(engine, gate, name, column.dictionary)
        if positions:
            flags = pc.or_(flags, matching(column, positions))
    rows = pc.indices_nonzero(flags).cast(pa.int64())
    if not len(rows):
        return DistinctHits(pa.repeat(pa.scalar(0, pa.int64()), table.num_rows), ([],), 0)
    same = distinct([column.indices.take(rows) for column in encoded.values()])
    first = rows.take(same.first)
    values = {
        name: column.dictionary.take(column.indices.take(first)).to_pylist()
        for name, column in encoded.items()
    }
    nothing = [None] * len(same)
    known: FieldHits = {}
    requests: list[list[Hit]] = [[]]
    for method, path, query, agent, headers, body, kind in zip(
        *(values.get(name, nothing) for name in _COLUMNS), strict=True
    ):
        requests.append(
            engine.evaluate(
                RequestParts(method or "", path or "", query or "", _headers(headers, agent), body, kind),
                known,
                excerpts,
            )
        )
    kinds = pc.replace_with_mask(
        pa.repeat(pa.scalar(0, pa.int64()), table.num_rows), flags, pc.add(same.kinds, 1)
    )
    return DistinctHits(kinds, tuple(requests), len(rows))


def evaluate_table(engine: Evaluator, gate: Gate, table: pa.Table) -> BatchHits:
    """Hits of every row of `table` as `evaluate_distinct` reads it."""
    found = evaluate_distinct(engine, gate, table)
    graded = pa.array([request_score(hits) for hits in found.requests], pa.float32())
    columns: dict[str, list[Any]] = {name: [] for name in HIT_SCHEMA.names}
    for position in pc.indices_nonzero(found.kinds).to_pylist():
        hits = found.requests[found.kinds[position].as_py()]
        columns["row"] += [position] * len(hits)
        for name in HIT_SCHEMA.names[1:]:
            columns[name] += [getattr(hit, name) for hit in hits]
    return BatchHits(pa.table(columns, schema=HIT_SCHEMA), graded.take(found.kinds), found.evaluated)
