"""Texts of queries with their values beside them, in the one dialect (DuckDB's) that every engine is given.

No value ever becomes text. What engines disagree on is not used: no ``any_value`` (use ``min``), no ``list(… ORDER BY)``,
no division of integers but ``//``, no casts of fractions to integers but of ``floor``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_SPOTS = re.compile(r"\{\}|\?")


@dataclass(frozen=True, slots=True)
class Sql:
    """A part of a query: its text with ``?`` for each of ``values``, in order."""

    text: str
    values: tuple[Any, ...] = ()


def sql(template: str, *parts: Any) -> Sql:
    """A query of constant text; each ``{}`` takes the next part as ``Sql``, each ``?`` the next part as a value."""
    texts: list[str] = []
    values: list[Any] = []
    position = 0
    rest = iter(parts)
    for spot in _SPOTS.finditer(template):
        part = next(rest)
        texts.append(template[position : spot.start()])
        if spot.group() == "?":
            texts.append("?")
            values.append(part)
        else:
            texts.append(part.text)
            values.extend(part.values)
        position = spot.end()
    texts.append(template[position:])
    return Sql("".join(texts), tuple(values))
