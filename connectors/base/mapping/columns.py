"""What a reader hands over: the good records as columns of cells, and why the others are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

import pyarrow as pa

#: One field of every good record: Python values as the decoder made them, or a string column already.
Cells: TypeAlias = "list[Any] | pa.Array"
#: Neutral columns by name, all of one length.
Columns: TypeAlias = dict[str, pa.Array]
#: Where a field is: ``"request.headers"`` or, for keys with dots in them, ``("labels", "client.ip")``.
Path: TypeAlias = str | tuple[str, ...]


class Rows(Protocol):
    """The good records of a batch, in order."""

    @property
    def count(self) -> int:
        """How many records are good."""

    def cells(self, path: Path) -> Cells | None:
        """One field of every good record; None when no record of the batch can have it."""


@dataclass(frozen=True, slots=True)
class Read:
    """A batch taken apart. ``places`` are the positions of the good records, None when all are good."""

    rows: Rows
    places: list[int] | None = None
    reasons: dict[int, str] = field(default_factory=dict)


class Reader(Protocol):
    """Takes records apart; never raises."""

    def prepared(self, paths: frozenset[tuple[str, ...]]) -> Reader:
        """This reader, told which fields will be asked for."""

    def read(self, records: Sequence[bytes]) -> Read:
        """The records' fields. None of ``records`` is blank or longer than a record may be."""


def segments(path: Path) -> tuple[str, ...]:
    """The keys of a path, outermost first."""
    return tuple(path.split(".")) if isinstance(path, str) else path


def given(rows: Rows, path: Path) -> Cells:
    """One field of every record, null throughout when no record of the batch can have it."""
    cells = rows.cells(path)
    return pa.nulls(rows.count, pa.string()) if cells is None else cells


class _NoRows:
    count = 0

    def cells(self, path: Path) -> None:
        """Nothing was read."""


#: What there is of records when none is good.
NO_ROWS: Final = _NoRows()
