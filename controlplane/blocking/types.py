"""Values of blocking: a draft, its simulated effect and the gates' verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connectors.base.intent import BlockAction, Match, RateLimitSpec


class Stage(StrEnum):
    """How far a block goes: *count* records what it would hit, *block* acts."""

    COUNT = "count"
    BLOCK = "block"


class BlockStatus(StrEnum):
    """Where a block is in its life. Everything from ``EXPIRED`` on is over.

    *Refused* stands nowhere because a gate or every target said no; *failed* ended without our being able to
    read back that it is gone, because a connection or a target no longer exists.
    """

    PENDING = "pending"
    AWAITING_APPROVAL = "awaiting_approval"
    COUNTING = "counting"
    BLOCKING = "blocking"
    UNDOING = "undoing"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    UNDONE = "undone"
    REFUSED = "refused"
    FAILED = "failed"


#: Statuses in which a block is wanted at the vendor.
WANTED = (BlockStatus.PENDING, BlockStatus.COUNTING, BlockStatus.BLOCKING)
#: Statuses in which a block is being taken away.
LEAVING = (BlockStatus.UNDOING, BlockStatus.EXPIRING)
#: Statuses that never change again.
OVER = (BlockStatus.EXPIRED, BlockStatus.UNDONE, BlockStatus.REFUSED, BlockStatus.FAILED)

#: States of a target on which a block no longer stands.
ENDED_ROWS = frozenset({"removed", "refused", "lost"})


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: the name shown, and the id of the person behind it ("" for a token that belongs to nobody)."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class TargetRef:
    """One place to push to: a connection and the vendor's reference of the web ACL or workspace."""

    connection_id: str
    ref: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A block as asked for, before anything was checked. ``ttl_seconds`` counts from creation."""

    match: Match
    action: BlockAction
    ttl_seconds: int
    targets: tuple[TargetRef, ...]
    rate: RateLimitSpec | None = None


class Verdict(StrEnum):
    """A gate's answer."""

    PASS = "pass"  # noqa: S105
    NEEDS_APPROVAL = "needs_approval"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """One gate's answer with the sentence a person reads and the numbers behind it."""

    gate: str
    verdict: Verdict
    sentence: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Partner:
    """A server-to-server caller seen in the window: a gateway consumer from a handful of addresses."""

    name: str
    requests: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a draft would have done to the calls of a window. Shares are 0..1; null without calls to compare."""

    calls: int
    requests: int
    unknown: int
    principals: int
    addresses: int
    share_of_traffic: float | None
    good_requests: int
    good_total: int
    share_of_good: float | None
    endpoints: tuple[tuple[str, int], ...]
    partners: tuple[Partner, ...]
    examples: tuple[Mapping[str, Any], ...]
    series: tuple[tuple[int, int, int], ...]  # (bucket start µs, calls, hit)
    unevaluable: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Protected:
    """A network that must never be blocked, with the label a person gave it."""

    cidr: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The gates' thresholds; a tenant's policy may tighten them."""

    max_ttl_seconds: int = 30 * 86_400
    widest_v4_prefix: int = 16
    widest_v6_prefix: int = 32
    approval_v4_prefix: int = 24
    approval_v6_prefix: int = 48
    max_addresses: int = 10_000
    refuse_good_share: float = 0.02
    approval_good_share: float = 0.002
    max_blocks_per_hour: int = 200


@dataclass(frozen=True, slots=True)
class Question:
    """Everything the gates look at, gathered beforehand so that they stay pure."""

    draft: Draft
    effect: Effect
    protected: tuple[Protected, ...]
    limits: Limits
    blocks_last_hour: int
    history_seconds: float  # how much past traffic there was to simulate on
