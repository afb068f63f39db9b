"""Documents of the findings API, as OpenAPI describes them; the serializers in ``api.py`` write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict


class Subject(TypedDict):
    """What a finding is about."""

    kind: str
    id: str
    label: str


class FindingDocument(TypedDict):
    """A finding as lists show it."""

    id: str
    check: str
    title: str
    severity: Literal["info", "low", "medium", "high", "critical"]
    status: str
    subject: Subject
    connection_id: str
    service_id: str | None
    endpoint_ids: list[str]
    first_seen: datetime
    last_seen: datetime
    sentence: str


class FixDocument(TypedDict):
    """How to repair it with one tool."""

    tool: str
    body: str
    language: str


class HistoryEntry(TypedDict):
    """A change of status; no actor when it changed by itself."""

    at: datetime
    kind: str
    detail: str
    actor: str | None


class FindingDetailDocument(FindingDocument):
    """A finding with its proof, its repair and what became of it."""

    why: str
    evidence: list[dict[str, Any]]
    fix: list[FixDocument]
    references: list[str]
    reason: str
    expires_at: datetime | None
    clean_reads: int
    history: list[HistoryEntry]
