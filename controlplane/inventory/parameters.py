"""Parameters of an endpoint from declarations and from calls, with what each is worth. Pure."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

_PATH: Final = re.compile(r"\{([^}]*)\}")
_Z: Final = 1.96


def wilson(seen: int, total: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share (Wilson 1927)."""
    if total <= 0:
        return 0.0, 1.0
    share = min(1.0, seen / total)
    spread = 1 + _Z**2 / total
    middle = (share + _Z**2 / (2 * total)) / spread
    half = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2)) / spread
    return max(0.0, middle - half), min(1.0, middle + half)


def parameters_of(
    template: str, declared: Iterable[Mapping[str, Any]], fields: Iterable[tuple[str, str, int]], calls: int
) -> list[dict[str, Any]]:
    """Every known parameter: name, location, type, required, confidence (interval of its share), n_seen, provenance.

    ``fields`` are ``(place, entry, seen)`` with entries ``name:type``; ``calls`` is what they are out of.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for name in _PATH.findall(template):
        found[("path", name)] = _parameter(name.rstrip("+"), "path", "string", True, ["template"])
    for entry in declared:
        known = found.setdefault(
            (entry["location"], entry["name"]), _parameter(entry["name"], entry["location"], "", False, [])
        )
        known["type"] = entry.get("type") or known["type"]
        known["required"] = bool(entry.get("required")) or known["required"]
        known["provenance"].append("declared")
    for (place, name), types in _seen(fields).items():
        known = found.setdefault((place, name), _parameter(name, place, "", None, []))
        seen = sum(types.values())
        low, high = wilson(seen, calls)
        known |= {"n_seen": seen, "confidence": [round(low, 3), round(high, 3)]}
        known["type"] = known["type"] or max(types, key=lambda kind: types[kind])
        known["provenance"].append("traffic")
        if known["required"] is None and low > 0.95:
            known["required"] = True
    return [found[key] for key in sorted(found)]


def _seen(fields: Iterable[tuple[str, str, int]]) -> dict[tuple[str, str], dict[str, int]]:
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for place, entry, seen in fields:
        if place == "class":
            continue
        name, _, kind = entry.rpartition(":")
        location = {"query": "query", "request": "body", "response": "response"}[place]
        found[(location, name)][kind] += seen
    return found


def _parameter(
    name: str, location: str, kind: str, required: bool | None, provenance: list[str]
) -> dict[str, Any]:
    return {
        "name": name,
        "location": location,
        "type": kind,
        "required": required,
        "confidence": None,
        "n_seen": 0,
        "provenance": provenance,
    }
