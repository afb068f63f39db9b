"""What reading collects on its way to a snapshot, and the shape of Azure's documents. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.base.model import Consumer, Route, Service, Setting, Stage, Upstream, WafPolicy

Document = Mapping[str, Any]


@dataclass(slots=True)
class Parts:
    """Everything read so far. ``protects`` holds, per WAF policy, what it is in force on."""

    services: list[Service] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    upstreams: dict[str, Upstream] = field(default_factory=dict)
    policies: list[WafPolicy] = field(default_factory=list)
    consumers: list[Consumer] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    protects: dict[str, set[str]] = field(default_factory=dict)
    logs_firewall: dict[str, tuple[bool | None, str]] = field(default_factory=dict)

    def protect(self, policy: str, ref: str) -> None:
        """Note that ``policy`` is in force on ``ref``."""
        self.protects.setdefault(policy, set()).add(ref)


def ref_of(value: object) -> str:
    """A resource id as a ref: lower case, because Azure spells the same id now so, now otherwise."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value.lower() if isinstance(value, str) else ""


def properties(document: object) -> Document:
    """A resource's properties; empty when it has none."""
    found = document.get("properties") if isinstance(document, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def listed(value: object) -> list[Document]:
    """The objects of a list; null is empty."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """The texts of a list; null is empty."""
    return [str(entry) for entry in value] if isinstance(value, list) else []


def picked(document: Document, names: Iterable[str]) -> dict[str, Any]:
    """The named members a person will want to see; null ones are left out."""
    return {name: document[name] for name in names if document.get(name) is not None}


def paths_of(patterns: Iterable[str]) -> dict[str, bool]:
    """Path patterns as templates, and whether everything below belongs to each (``/a/*``)."""
    found: dict[str, bool] = {}
    for pattern in patterns:
        below = pattern.endswith("*")
        path = (pattern.rstrip("*").rstrip("/") if below else pattern) or "/"
        found[path] = found.get(path, False) or below
    return found
