"""Lines of text as columns: fields between blanks, quotes and brackets, or between one separator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from connectors.base.mapping.columns import Path, Read, segments

_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_BRACKETED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')


class Fields:
    """Good lines as columns by name."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.count = len(rows)
        self._columns: dict[str, list[Any]] = dict(
            zip(names, map(list, zip_longest(*rows)), strict=False)  # a row may leave out the last fields
        )

    def cells(self, path: Path) -> list[Any] | None:
        """One field of every line."""
        return self._columns.get(segments(path)[0])


def decoded(records: Sequence[bytes]) -> list[str]:
    """The lines as text. Bytes that are not UTF-8 are replaced."""
    return [record.decode(errors="replace") for record in records]


@dataclass(frozen=True)
class Words:
    """Blank-separated fields; ``"…"`` holds blanks and ``\\"``, and, with ``brackets``, ``[…]`` holds blanks.

    ``names`` in order; a line with fewer than ``least`` fields is bad, fields after the last name are left out
    (vendors append new ones).
    """

    names: tuple[str, ...]
    least: int
    brackets: bool = False

    def prepared(self, paths: frozenset[tuple[str, ...]]) -> Words:
        """Every field is read anyway."""
        return self

    def read(self, records: Sequence[bytes]) -> Read:
        """The lines' fields by name."""
        most = len(self.names)
        return _read([self._words(line)[:most] for line in decoded(records)], self.names, self.least)

    def _words(self, line: str) -> list[str]:
        if self.brackets or '\\"' in line:
            pattern = _BRACKETED if self.brackets else _QUOTED
            return [found.group(found.lastindex or 0) for found in pattern.finditer(line)]
        words: list[str] = []
        quoted = False
        for part in line.split('"'):
            if quoted:
                words.append(part)
            elif part:
                words += part.split()
            quoted = not quoted
        return words


@dataclass(frozen=True)
class Separated:
    """Fields between one separator, without quoting; as ``Words`` otherwise."""

    names: tuple[str, ...]
    least: int
    separator: str = "\t"

    def prepared(self, paths: frozenset[tuple[str, ...]]) -> Separated:
        """Every field is read anyway."""
        return self

    def read(self, records: Sequence[bytes]) -> Read:
        """The lines' fields by name."""
        separator, most = self.separator, len(self.names)
        rows = [line.split(separator, most)[:most] for line in decoded(records)]
        return _read(rows, self.names, self.least)


def _read(rows: list[list[str]], names: tuple[str, ...], least: int) -> Read:
    if all(len(row) >= least for row in rows):
        return Read(Fields(names, rows))
    reasons = {
        place: f"the line has {len(row)} fields, {least} are needed"
        for place, row in enumerate(rows)
        if len(row) < least
    }
    places = [place for place in range(len(rows)) if place not in reasons]
    return Read(Fields(names, [rows[place] for place in places]), places, reasons)
