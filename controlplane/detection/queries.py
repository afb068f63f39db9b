"""Readers of actors and threats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
from django.db.models import Q, QuerySet

from controlplane.detection import scoring
from controlplane.detection.models import Actor, ActorEvidence, Threat
from controlplane.detection.types import ActorKind
from controlplane.traffic import engine
from controlplane.traffic.types import CallFilter, Window
from tenants.errors import NotFound

#: Columns of a call as lists of an actor's calls show them.
SHOWN: Final = [
    "ts", "call_id", "method", "host", "path", "query", "status", "client_ip", "principal", "latency_ms",
    "user_agent", "waf_action", "signatures",
]  # fmt: skip
_ORDERS: Final = ("low", "medium", "high", "critical")

#: Tells which blocks are about these threat ids; set by the app that blocks, which detection does not know.
BlocksReader = Callable[[list[str]], list[dict[str, Any]]]
_blocks_readers: list[BlocksReader] = []


def register_blocks_reader(reader: BlocksReader) -> None:
    """Let ``reader`` answer which blocks were made for threats (documents with id, status, stage, expires_at)."""
    if reader not in _blocks_readers:
        _blocks_readers.append(reader)


def blocks_for(threat_ids: list[str]) -> list[dict[str, Any]]:
    """The blocks made for these threats."""
    return [block for reader in _blocks_readers for block in reader(threat_ids)]


def threats(status: str = "", severity: str = "", kind: str = "", text: str = "") -> QuerySet[Threat]:
    """Threats by status, severity (or ``medium+``: at least medium), kind, and words of title or sentence."""
    found = Threat.objects.select_related("actor")
    if status:
        found = found.filter(status=status)
    if severity.endswith("+") and severity[:-1] in _ORDERS:
        found = found.filter(severity__in=_ORDERS[_ORDERS.index(severity[:-1]) :])
    elif severity:
        found = found.filter(severity=severity)
    if kind:
        found = found.filter(kind=kind)
    if text:
        found = found.filter(Q(title__icontains=text) | Q(sentence__icontains=text) | Q(pk=text))
    return found


def threat(threat_id: str) -> Threat:
    """One threat with its actor."""
    found = Threat.objects.select_related("actor").filter(pk=threat_id).first()
    if found is None:
        raise NotFound("threat-not-found", "There is no such threat.")
    return found


def actors(kind: str = "", text: str = "") -> QuerySet[Actor]:
    """Actors by kind and by words of their label or one of their addresses."""
    found = Actor.objects.prefetch_related("threats__actor")
    if kind:
        found = found.filter(kind=kind)
    return found.filter(Q(label__icontains=text) | Q(addresses__contains=[text])) if text else found


def actor(actor_id: str) -> Actor:
    """One actor with its threats."""
    found = Actor.objects.prefetch_related("threats__actor").filter(pk=actor_id).first()
    if found is None:
        raise NotFound("actor-not-found", "There is no such actor.")
    return found


def evidence_of(actor_id: str) -> list[ActorEvidence]:
    """Everything an actor did, oldest first."""
    return list(ActorEvidence.objects.filter(actor=actor_id).order_by("last_ts", "id"))


def contributions_of(rows: list[ActorEvidence], now: int) -> list[scoring.Contribution]:
    """Each detector's part of the actor's score at ``now`` (µs)."""
    return scoring.contributions(
        [scoring.Scored(r.detector, r.points, r.last_ts, r.sentence) for r in rows], now
    )


def calls_of(rows: list[ActorEvidence], limit: int, only_succeeded: bool = False) -> list[dict[str, Any]]:
    """The newest calls that show the evidence, from the event store; those beyond retention are gone."""
    wanted: dict[str, None] = {}
    for row in reversed(rows):
        wanted.update(dict.fromkeys(reversed(row.succeeded_ids if only_succeeded else row.call_ids)))
        if len(wanted) >= limit:
            break
    if not wanted:
        return []
    window = Window(min(row.first_ts for row in rows), max(row.last_ts for row in rows) + 1)
    table: pa.Table = engine.sample(window, CallFilter(call_ids=tuple(wanted)), limit, SHOWN)
    return list(table.to_pylist())


def suspects() -> frozenset[str]:
    """Keys of actors with an open threat of at least medium severity, and the addresses of those without a principal.

    A principal's addresses are not suspect: others may share them.
    """
    open_threats = (
        Threat.objects.select_related("actor").filter(status=Threat.Status.OPEN).exclude(severity="low")
    )
    found: set[str] = set()
    for row in open_threats:
        found.add(row.actor.key)
        if row.actor.kind != ActorKind.PRINCIPAL:
            found.update(row.actor.addresses)
    return frozenset(found)


def open_counts() -> dict[str, int]:
    """Open threats by severity."""
    counts = dict.fromkeys(("critical", "high", "medium", "low"), 0)
    for value in Threat.objects.filter(status=Threat.Status.OPEN).values_list("severity", flat=True):
        counts[value] += 1
    return counts
