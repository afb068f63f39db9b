"""Who made a call, as detectors key it: the principal first, then the address, then the consumer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controlplane.detection.types import ActorKind


@dataclass(frozen=True, slots=True, order=True)
class Caller:
    """One caller: the kind of key and the key."""

    kind: ActorKind
    key: str


def caller_of(row: Mapping[str, Any]) -> Caller:
    """The caller of one call; an app's consumer is shared by many people, so the address comes before it."""
    if row["principal"]:
        return Caller(ActorKind.PRINCIPAL, row["principal"])
    if row["client_ip"]:
        return Caller(ActorKind.IP, row["client_ip"])
    return Caller(ActorKind.CONSUMER, row["consumer"] or "unknown")
