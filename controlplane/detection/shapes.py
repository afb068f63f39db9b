"""Documents of the detection API, as OpenAPI describes them; the serializers in ``api.py`` write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict


class ActorRef(TypedDict):
    """The actor of a threat."""

    id: str
    label: str
    kind: str


class ThreatDocument(TypedDict):
    """A threat."""

    id: str
    title: str
    kind: str
    severity: Literal["info", "low", "medium", "high", "critical"]
    status: str
    status_reason: str
    actor: ActorRef
    score: float
    first_seen: datetime
    last_seen: datetime
    requests: int
    succeeded: int
    endpoints: list[str]
    spoofable: bool
    confidence: float
    sentence: str


class ActorDocument(TypedDict):
    """An actor as lists show it."""

    id: str
    kind: Literal["principal", "ip", "network", "campaign"]
    label: str
    addresses: list[str]
    address_count: int
    score: float
    first_seen: datetime
    last_seen: datetime
    threats: list[ThreatDocument]


class Contribution(TypedDict):
    """One part of the score."""

    detector: str
    points: float
    decayed: float
    at: datetime
    sentence: str


class ActorDetailDocument(ActorDocument):
    """One actor: score with its parts, timeline, what got through and a block to consider."""

    half_life_hours: int
    contributions: list[Contribution]
    timeline: list[dict[str, Any]]
    got_through: list[dict[str, Any]]
    blocks: list[dict[str, Any]]
    spoofable: bool
    suggested_block: dict[str, Any] | None
