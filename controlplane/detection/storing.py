"""Keep what a look found: actors, their evidence, and the threats it amounts to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import log2
from typing import Any, Final

from controlplane.detection import scoring
from controlplane.detection.classes import title_of
from controlplane.detection.detectors import detectors
from controlplane.detection.looking import Looked
from controlplane.detection.models import Actor, ActorEvidence, Threat
from controlplane.detection.types import ActorKind, Evidence
from controlplane.traffic.types import MICROSECONDS
from tenants.jobs.events import emit

_MOST_ADDRESSES: Final = 1000
_SEVERITIES: Final = ("low", "medium", "high", "critical")


def store(looked: Looked) -> None:
    """Keep a look's evidence and bring actors and threats up to date; the same look again changes nothing.

    Evidence of the looked-at buckets that is not found again is withdrawn, unless its calls are gone by retention.
    """
    touched: dict[str, Actor] = {}
    kept: set[str] = set()
    for piece in looked.evidence:
        actor = _actor(piece)
        touched[actor.id] = actor
        row, _ = ActorEvidence.objects.update_or_create(
            actor=actor,
            detector=piece.detector,
            attack_class=piece.attack_class,
            bucket=piece.bucket,
            defaults=_values(piece),
        )
        kept.add(row.id)
    withdrawn = [
        row
        for row in ActorEvidence.objects.select_related("actor")
        .filter(bucket__gte=looked.window.start, bucket__lt=looked.window.end)
        .exclude(pk__in=kept)
        if not looked.call_ids.isdisjoint(row.call_ids)
    ]
    for row in withdrawn:
        touched[row.actor.id] = row.actor
    ActorEvidence.objects.filter(pk__in=[row.id for row in withdrawn]).delete()
    for actor in touched.values():
        _refresh(actor)


def scored(rows: Iterable[ActorEvidence]) -> list[scoring.Scored]:
    """Evidence as the score reads it."""
    return [scoring.Scored(row.detector, row.points, row.last_ts, row.sentence) for row in rows]


def _values(piece: Evidence) -> dict[str, Any]:
    return {
        "first_ts": piece.first_ts,
        "last_ts": piece.last_ts,
        "points": piece.points,
        "confidence": piece.confidence,
        "requests": piece.requests,
        "succeeded": piece.succeeded,
        "endpoints": list(piece.endpoints),
        "sentence": piece.sentence,
        "call_ids": list(piece.call_ids),
        "succeeded_ids": list(piece.succeeded_ids),
    }


def _actor(piece: Evidence) -> Actor:
    secret = piece.actor_kind is ActorKind.PRINCIPAL
    actor, created = Actor.objects.get_or_create(
        kind=piece.actor_kind.value,
        key=piece.actor_key,
        defaults={
            "label": f"principal {piece.actor_key[:12]}" if secret else piece.actor_key,
            "addresses": sorted(piece.addresses)[:_MOST_ADDRESSES],
            "first_ts": piece.first_ts,
            "last_ts": piece.last_ts,
        },
    )
    addresses = sorted({*actor.addresses, *piece.addresses})[:_MOST_ADDRESSES]
    if not created and addresses != actor.addresses:
        actor.addresses = addresses
        actor.save(update_fields=["addresses"])
    return actor


def _refresh(actor: Actor) -> None:
    rows = list(actor.evidence.order_by("last_ts", "id"))
    if rows:
        actor.first_ts, actor.last_ts = min(row.first_ts for row in rows), rows[-1].last_ts
    actor.score = scoring.score(scored(rows), actor.last_ts)
    half_life = scoring.HALF_LIFE_SECONDS * MICROSECONDS
    actor.rank = log2(max(actor.score, 0.01)) + actor.last_ts / half_life
    actor.save(update_fields=["first_ts", "last_ts", "score", "rank"])
    by_class = defaultdict(list)
    for row in rows:
        by_class[row.attack_class].append(row)
    for kind, pieces in by_class.items():
        _threat(actor, kind, pieces)
    for threat in Threat.objects.filter(actor=actor, status=Threat.Status.OPEN).exclude(
        kind__in=list(by_class)
    ):
        threat.status, threat.closed_ts = Threat.Status.CLOSED, threat.last_ts
        threat.status_reason = "Withdrawn: with further calls known, this is no longer unusual."
        threat.save(update_fields=["status", "status_reason", "closed_ts"])


def _threat(actor: Actor, kind: str, pieces: list[ActorEvidence]) -> None:
    last = max(piece.last_ts for piece in pieces)
    value = scoring.score(scored(pieces), last)
    strongest = max(pieces, key=lambda piece: (piece.points, piece.last_ts))
    values: dict[str, Any] = {
        "title": f"{title_of(kind)}: {actor.label}"
        if actor.kind == "campaign"
        else f"{title_of(kind)} by {actor.label}",
        "severity": scoring.severity(value),
        "confidence": max(piece.confidence for piece in pieces),
        "spoofable": actor.kind in ("ip", "campaign") and any(_spoofable(piece.detector) for piece in pieces),
        "requests": sum(piece.requests for piece in pieces),
        "succeeded": sum(piece.succeeded for piece in pieces),
        "endpoints": list(dict.fromkeys(name for piece in pieces for name in piece.endpoints))[:20],
        "sentence": strongest.sentence,
        "score": value,
        "first_ts": min(piece.first_ts for piece in pieces),
        "last_ts": last,
    }
    held = Threat.objects.select_for_update().filter(actor=actor, kind=kind).first()
    if held is None and value < scoring.THREAT_FROM:
        return
    if held is None:
        threat = Threat.objects.create(actor=actor, kind=kind, **values)
        emit("threat.raised", threat_id=threat.id)
        return
    risen = _SEVERITIES.index(values["severity"]) > _SEVERITIES.index(held.severity)
    reopened = held.status == Threat.Status.CLOSED and last > (held.closed_ts or 0)
    if reopened:
        values |= {"status": Threat.Status.OPEN, "status_reason": "New evidence came in.", "closed_ts": None}
    Threat.objects.filter(pk=held.pk).update(**values)
    if reopened or (risen and held.status == Threat.Status.OPEN):
        emit("threat.raised", threat_id=held.id)


def _spoofable(detector: str) -> bool:
    found = detectors().get(detector)
    return found.spoofable if found else False
