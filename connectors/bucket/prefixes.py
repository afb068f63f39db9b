"""Prefixes with dates in them, ``alb/{yyyy}/{mm}/{dd}/``, and which object names are wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Final

_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_PARTS: Final = {"yyyy": "%Y", "mm": "%m", "dd": "%d", "hh": "%H"}
_HOUR, _DAY = 3600, 86_400


def wrong_places(template: str) -> list[str]:
    """What stands in braces and is no part of a date."""
    return [name for name in _PLACE.findall(template) if name not in _PARTS]


def fixed_part(template: str) -> str:
    """The prefix up to its first date: what every object's key begins with."""
    return template.partition("{")[0]


def prefixes_between(template: str, start: float, end: float) -> Iterator[str]:
    """The prefixes of every day (or hour) from ``start`` to ``end`` (Unix time, UTC), oldest first, each once."""
    if "{" not in template:
        yield template
        return
    step = _HOUR if "{hh}" in template else _DAY
    before = None
    for moment in range(int(start // step) * step, int(end) + 1, step):
        at = datetime.fromtimestamp(moment, UTC)
        made = _PLACE.sub(lambda found, at=at: at.strftime(_PARTS[found[1]]), template)  # type: ignore[misc]
        if made != before:
            yield made
        before = made


def is_wanted(key: str, pattern: str) -> bool:
    """Whether a key fits ``pattern``: its whole key when that has a slash, else its last part."""
    return fnmatchcase(key if "/" in pattern else key.rpartition("/")[2], pattern)
