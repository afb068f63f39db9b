"""Names for learnt parameters, from the literal before them: `users` gives `userId`."""

import re
from collections.abc import Set
from typing import Final

_KIND_NAMES: Final = {
    "date": "date",
    "datetime": "timestamp",
    "locale": "locale",
    "email": "email",
    "version": "version",
    "ip": "ip",
    "file": "fileName",
    "domain": "domain",
    "list": "ids",
}
_IRREGULAR: Final = {
    "people": "person",
    "children": "child",
    "data": "data",
    "statuses": "status",
    "addresses": "address",
    "indices": "index",
    "news": "news",
    "media": "media",
    "status": "status",
    "aliases": "alias",
    "series": "series",
}


def singular(word: str) -> str:
    """Singular of an English plural noun: `companies` gives `company`."""
    lower = word.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if re.search(r"(?:ss|us|is)$", lower) or len(word) < 3:
        return word
    if lower.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search(r"(?:ches|shes|sses|xes|zes)$", lower):
        return word[:-2]
    return word[:-1] if lower.endswith("s") else word


def parameter_name(before: str | None, kind: str, taken: Set[str]) -> str:
    """Name in camelCase, unique among `taken`, for a parameter after the literal `before`."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", before or "") if part]
    if parts and not parts[0][0].isdigit():
        parts[-1] = singular(parts[-1])
        stem = parts[0][0].lower() + parts[0][1:] + "".join(part[0].upper() + part[1:] for part in parts[1:])
        noun = {"name": "Name", "word": "Name", "slug": "Name"}.get(kind, "Id")
        special = _KIND_NAMES.get(kind)
        name = special if special and special not in taken else stem + noun
    else:
        name = _KIND_NAMES.get(kind, "id")
    if name not in taken:
        return name
    number = 2
    while f"{name}{number}" in taken:
        number += 1
    return f"{name}{number}"
