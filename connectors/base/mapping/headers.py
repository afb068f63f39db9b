"""Header columns: names in lower case to values, from objects or from lists of name and value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from connectors.base.mapping.columns import Cells

_ROW = dict[str, str]


def header_rows(cells: Sequence[Any]) -> list[_ROW | None]:
    """Each record's headers with lower-case names; repeated ones joined by a comma as HTTP does; None: no headers.

    Takes ``{"Name": "value" | ["value", …]}`` and ``[{"name": …, "value": …}, …]``.
    """
    lowered: dict[str, str] = {}
    return [None if cell is None else _row(cell, lowered) for cell in cells]


def _row(cell: Any, lowered: dict[str, str]) -> _ROW | None:
    if type(cell) is dict:
        pairs: Any = cell.items()
    elif type(cell) is list:
        pairs = [(item.get("name"), item.get("value")) for item in cell if type(item) is dict]
    else:
        return None
    made: _ROW = {}
    for name, value in pairs:
        low = lowered.get(name)
        if low is None:
            if type(name) is not str:
                continue
            low = lowered[name] = name.lower()
        text = value if type(value) is str else _joined(value)
        made[low] = f"{made[low]}, {text}" if low in made else text
    return made


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if type(value) is list else "" if value is None else str(value)


def header_map(rows: Sequence[_ROW | None]) -> pa.Array:
    """The map column of ``header_rows``."""
    offsets: list[int | None] = []
    names: list[str] = []
    values: list[str] = []
    for row in rows:
        offsets.append(None if row is None else len(names))
        if row:
            names.extend(row)
            values.extend(row.values())
    offsets.append(len(names))
    return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), _texts(names), _texts(values))


def _texts(values: list[str]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([value.encode(errors="replace").decode() for value in values], pa.string())


def header_column(cells: Cells) -> pa.Array:
    """The map column of cells that hold headers."""
    return header_map(header_rows(cells if isinstance(cells, list) else cells.to_pylist()))
