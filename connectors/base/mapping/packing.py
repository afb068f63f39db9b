"""Cells as Arrow columns as early as possible: Python objects are only cheap while they are in the processor's cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import pyarrow as pa

from connectors.base.mapping.columns import Cells

#: What Arrow says to cells that are not all of one kind.
REFUSED: Final = (pa.ArrowInvalid, pa.ArrowTypeError, ValueError, OverflowError)
_NUMBERS: Final = (pa.int64(), pa.float64())


def packed(cells: Sequence[Any] | pa.Array) -> Cells:
    """A column of texts, whole numbers or floats when all cells are of that kind or None; else the cells."""
    if isinstance(cells, pa.Array):
        return cells
    first = cells[0] if cells else None
    if first is None:
        if cells.count(None) == len(cells):
            return pa.nulls(len(cells), pa.string())
        first = next(cell for cell in cells if cell is not None)
    kind = type(first)
    try:
        if kind is str:
            return pa.array(cells, pa.string())
        if kind is int or kind is float:
            column = pa.array(cells)
            if column.type in _NUMBERS:
                return column
    except REFUSED:
        pass
    return cells if isinstance(cells, list) else list(cells)


def joined(parts: Sequence[Any]) -> Cells:
    """Parts of one column behind each other."""
    if len(parts) == 1:
        return cast(Cells, parts[0])
    if all(isinstance(part, pa.Array) for part in parts):
        kinds = {part.type for part in parts if part.null_count < len(part)}
        if len(kinds) < 2:
            kind = next(iter(kinds), pa.string())
            same = [part if part.type == kind else pa.nulls(len(part), kind) for part in parts]
            return pa.concat_arrays(same)
    made: list[Any] = []
    for part in parts:
        made += part.to_pylist() if isinstance(part, pa.Array) else part
    return made


def each(cells: Cells) -> list[Any]:
    """The cells as Python values."""
    return cells if isinstance(cells, list) else cells.to_pylist()


class Gathered:
    """Columns of a batch that came in pieces; a column that a piece does not have is null there."""

    def __init__(self) -> None:
        self.count = 0
        self._pieces: list[tuple[int, dict[Any, Cells]]] = []

    def add(self, count: int, columns: dict[Any, Cells]) -> None:
        """One more piece of ``count`` records."""
        if count:
            self.count += count
            self._pieces.append((count, columns))

    def keys(self) -> list[Any]:
        """Every column that any piece has."""
        return list(dict.fromkeys(key for _, columns in self._pieces for key in columns))

    def column(self, key: Any) -> Cells:
        """One column of all pieces."""
        if not self._pieces:
            return pa.nulls(0, pa.string())
        return joined(
            [
                columns[key] if key in columns else pa.nulls(count, pa.string())
                for count, columns in self._pieces
            ]
        )
