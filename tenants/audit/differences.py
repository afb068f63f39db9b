"""What changed between two documents, field by field. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One field (dotted path) with its value before and after; None where it was not there."""

    field: str
    before: Any
    after: Any


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Change]:
    """Return the fields that differ, in order of their paths; lists are compared whole."""
    old, new = dict(_leaves(before or {}, "")), dict(_leaves(after or {}, ""))
    return [
        Change(path, old.get(path), new.get(path))
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    ]


def _leaves(document: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        here = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, here)
        else:
            yield here, value
