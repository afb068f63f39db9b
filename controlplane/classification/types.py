"""Typed values of the classifier. None of them ever holds a classified value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["public", "internal", "confidential", "restricted"]
LEVELS: tuple[Level, ...] = ("public", "internal", "confidential", "restricted")
"""From least to most sensitive."""


@dataclass(frozen=True, slots=True)
class DataClass:
    """A kind of sensitive data: its id, readable title, category (identity, finance, ...) and level."""

    id: str
    title: str
    category: str
    level: Level


@dataclass(frozen=True, slots=True)
class FieldClass:
    """Where in documents a data class was found: JSON path (`user.emails[]`), JSON type, class and number of values."""

    path: str
    type: str
    data_class: DataClass
    count: int


class ClassDefinitionError(ValueError):
    """A class definition is not valid; the message names the class and the fault. Nothing was loaded."""
