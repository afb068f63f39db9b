"""Request headers: names in lower case to values, from objects or from lists of name and value."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import pyarrow as pa

from connectors.base.mapping.columns import Cells
from connectors.base.mapping.packing import REFUSED

_Row = dict[str, str]


class Headers:
    """Each record's headers; repeated ones are joined by a comma as HTTP does.

    Takes ``{"Name": "value" | ["value", …]}`` and ``[{"name": …, "value": …}, …]``; anything else is no headers.
    ``names`` are all that occur.
    """

    def __init__(self, cells: Sequence[Any]) -> None:
        self._lowered: dict[str, str] = {}
        self._column: pa.Array | None = None
        self.rows: Sequence[_Row | None] = cells
        self.names = self._plain(cells)
        if self._column is None:
            self.rows = [None if cell is None else self._row(cell) for cell in cells]
            self.names = frozenset(self._lowered.values())

    def _plain(self, cells: Sequence[Any]) -> frozenset[str]:
        """The usual case: every record has an object of texts whose names are in lower case already."""
        if set(map(type, cells)) != {dict}:
            return frozenset()
        offsets = [0, *accumulate(map(len, cells))]
        names, values = list[str](), list[str]()
        for cell in cells:
            names += cell
            values += cell.values()
        seen = frozenset(names)
        if any(name != name.lower() for name in seen):
            return frozenset()
        try:
            texts = pa.array(values, pa.string())
        except REFUSED:
            return frozenset()
        self._column = pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), _texts(names), texts)
        return seen

    def _row(self, cell: Any) -> _Row | None:
        if type(cell) is dict:
            pairs: Any = cell.items()
        elif type(cell) is list:
            pairs = [(item.get("name"), item.get("value")) for item in cell if type(item) is dict]
        else:
            return None
        lowered = self._lowered
        made: _Row = {}
        for name, value in pairs:
            low = lowered.get(name)
            if low is None:
                if type(name) is not str:
                    continue
                low = lowered[name] = name.lower()
            text = value if type(value) is str else _joined(value)
            made[low] = f"{made[low]}, {text}" if low in made else text
        return made

    def values(self, name: str) -> list[str | None]:
        """One header of every record."""
        if name not in self.names:
            return [None] * len(self.rows)
        return [None if row is None else row.get(name) for row in self.rows]

    def column(self) -> pa.Array:
        """The map column."""
        if self._column is not None:
            return self._column
        offsets: list[int | None] = []
        names: list[str] = []
        values: list[str] = []
        for row in self.rows:
            offsets.append(None if row is None else len(names))
            if row:
                names += row
                values += row.values()
        offsets.append(len(names))
        return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), _texts(names), _texts(values))


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if type(value) is list else "" if value is None else str(value)


def _texts(values: list[str]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([value.encode(errors="replace").decode() for value in values], pa.string())


def header_column(cells: Cells) -> pa.Array:
    """The map column of cells that hold headers; a map column already is itself."""
    if isinstance(cells, pa.Array):
        return (
            cells if pa.types.is_map(cells.type) else pa.nulls(len(cells), pa.map_(pa.string(), pa.string()))
        )
    return Headers(cells).column()
