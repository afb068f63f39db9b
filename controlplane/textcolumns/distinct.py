"""Rows that are equal are worked on once: which rows of some columns are equal, and the first row of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Distinct:
    """Rows by kind: `kinds` has one int64 per row, `first` the first row of each kind; kinds count from 0."""

    kinds: pa.Array
    first: pa.Array

    def __len__(self) -> int:
        return len(self.first)


def encode(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """The column as a dictionary of its distinct values in order of their first row, and an index per row."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return array.dictionary_encode()


def matching(encoded: pa.DictionaryArray, positions: Sequence[int]) -> pa.Array:
    """True where a row's value is at one of these positions of the dictionary; false for nulls."""
    return pc.is_in(encoded.indices, value_set=pa.array(positions, encoded.indices.type))


def distinct(columns: Sequence[pa.Array]) -> Distinct:
    """Which rows have the same integers in every column, null being like nothing but null."""
    if not columns:
        raise ValueError("rows are told apart by at least one column")
    kinds = _numbered(columns[0])
    for column in columns[1:]:
        more = _numbered(column)
        width = (pc.max(more).as_py() or 0) + 1
        # Both are below the number of rows, which an int64 holds the square of.
        kinds = pc.dictionary_encode(pc.add(pc.multiply(kinds, width), more)).indices.cast(pa.int64())
    kinds = pc.dictionary_encode(kinds).indices.cast(pa.int64())
    rows = pa.array(range(len(kinds)), pa.int64())
    firsts = pa.table({"kind": kinds, "row": rows}).group_by("kind").aggregate([("row", "min")])
    first = firsts.sort_by("kind").column("row_min").combine_chunks()
    return Distinct(kinds, first)


def _numbered(column: pa.Array) -> pa.Array:
    """Indices as int64 from 0, null being 0."""
    return pc.add(pc.fill_null(pc.cast(column, pa.int64()), -1), 1)
