"""Documents of the blocking API, as OpenAPI describes them; the serializers in ``api.py`` write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict


class ReasonDocument(TypedDict):
    """Why the block is wanted."""

    kind: Literal["threat", "finding", "manual"]
    id: str
    text: str


class TargetDocument(TypedDict):
    """One place the block is pushed to, and what stands there."""

    connection_id: str
    ref: str
    name: str
    state: str
    exactness: str
    reasons: list[str]
    covered: int
    uncovered: list[dict[str, Any]]
    cost: str
    vendor_objects: list[dict[str, Any]]
    read_back_at: datetime | None
    error: str


class BlockDocument(TypedDict):
    """A block as lists show it."""

    id: str
    match: dict[str, Any]
    action: str
    rate: dict[str, Any] | None
    stage: Literal["count", "block"]
    status: str
    reason: ReasonDocument
    author: str
    needs_approval: bool
    approved_by: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    targets: list[TargetDocument]


class EventDocument(TypedDict):
    """Something that happened to the block."""

    at: datetime
    kind: str
    sentence: str
    actor: str


class BlockDetailDocument(BlockDocument):
    """One block with its events, what it met and its preview."""

    events: list[EventDocument]
    hits: dict[str, Any]
    preview: dict[str, Any]
    fingerprint: str


class PreviewDocument(TypedDict):
    """What a draft would have done on past calls, and what the gates say."""

    preview_id: str
    expires_at: datetime
    draft: dict[str, Any]
    window: dict[str, Any]
    effect: dict[str, Any]
    unevaluable: list[dict[str, Any]]
    gates: list[dict[str, Any]]
    targets: list[dict[str, Any]]
    allowed: bool
