"""Wanted objects as a decK document, for Kongs that only their owner's pipeline may write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from connectors.base.enforcement import VendorObject


def patch_of(objects: Iterable[VendorObject]) -> str:
    """YAML to merge into the customer's own file; entries for their own lists are named in comments."""
    document: dict[str, Any] = {"_format_version": "3.0"}
    notes: list[str] = []
    for entry in objects:
        if entry.kind == "entries":
            notes.append(
                f"# add to config.deny of your global {entry.name}: {', '.join(entry.document['entries'])}"
            )
        else:
            document.setdefault(entry.kind, []).append(_plain(entry.document))
    if len(document) == 1:
        return "\n".join(notes)
    return "\n".join([*notes, yaml.safe_dump(document, sort_keys=False).rstrip()])


def _plain(document: Any) -> dict[str, Any]:
    """An object in decK's form: references are plain ids."""
    return {
        key: value["id"] if key in ("route", "consumer", "service") and isinstance(value, dict) else value
        for key, value in document.items()
    }
