"""The neutral block intent: what to match, what to do, where and until when.

An intent is a value. Compilers turn it into vendor documents, the evaluator (``connectors.base.evaluate``)
defines what it means on calls, and blocking stores it. Times are aware UTC datetimes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

IPNetwork = IPv4Network | IPv6Network


class BlockAction(StrEnum):
    """What the vendor does with a matching request. *count* lets it pass and records the match."""

    COUNT = "count"
    BLOCK = "block"
    RATE_LIMIT = "rate_limit"
    CHALLENGE = "challenge"


class Exactness(StrEnum):
    """How faithfully a target expresses an intent."""

    EXACT = "exact"
    APPROXIMATED = "approximated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A request header compared by ``operator``: equals, contains or prefix; case-insensitive name."""

    name: str
    value: str
    operator: str = "equals"


@dataclass(frozen=True, slots=True)
class Match:
    """All given conditions must hold; a condition with several values holds when one of them does."""

    networks: tuple[IPNetwork, ...] = ()
    principals: tuple[str, ...] = ()  # keyed hashes as stored; only evaluable by us
    consumers: tuple[str, ...] = ()  # the vendor's consumer names
    methods: tuple[str, ...] = ()
    path_templates: tuple[str, ...] = ()  # "/orders/{orderId}"
    hosts: tuple[str, ...] = ()
    headers: tuple[HeaderMatch, ...] = ()
    ja4: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    asns: tuple[int, ...] = ()

    def is_empty(self) -> bool:
        """True when nothing would be compared, which would match every request: always refused."""
        return not any(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class RateLimitSpec:
    """``limit`` requests per ``window_seconds`` counted per client address."""

    limit: int
    window_seconds: int


@dataclass(frozen=True, slots=True)
class BlockIntent:
    """One block: ``id`` is ours (``blk_…``); ``expires_at`` is mandatory."""

    id: str
    match: Match
    action: BlockAction
    expires_at: datetime
    reason: str
    rate: RateLimitSpec | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Where a compiled intent is effective: refs of routes or stages covered and not, each with why not."""

    covered: tuple[str, ...] = ()
    uncovered: tuple[tuple[str, str], ...] = ()  # (ref, reason)


@dataclass(frozen=True, slots=True)
class Compiled:
    """One intent's outcome on one target: how exact, why, where it works and what it costs there."""

    intent_id: str
    exactness: Exactness
    reasons: tuple[str, ...] = ()
    coverage: Coverage = Coverage()
    cost: str = ""  # vendor units in words: "1 of 10,000 addresses", "30 WCU"
