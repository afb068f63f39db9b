"""The only writers of actors, evidence and threats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection as database
from django.db import transaction

from controlplane.detection import scoring
from controlplane.detection.classes import title_of
from controlplane.detection.detectors import detectors
from controlplane.detection.looking import labelled_calls
from controlplane.detection.models import Actor, ActorEvidence, Threat
from controlplane.detection.types import DETECTOR_COLUMNS, Evidence
from controlplane.traffic import engine
from controlplane.traffic import queries as traffic
from controlplane.traffic import services as traffic_services
from controlplane.traffic.types import MICROSECONDS, Window
from tenants.audit.services import record
from tenants.errors import Invalid, NotFound
from tenants.jobs.events import emit

_SEVERITIES = ("low", "medium", "high", "critical")


def tick(now: float) -> int:
    """Run every detector over the windows that newly stored calls touch; returns pieces of evidence found."""
    with transaction.atomic():
        _one_tick()
        news = traffic.news_for("detection")
        if news is None:
            return 0
        found = look(Window(news.min_ts, news.max_ts + 1))
        store(found, int(now * MICROSECONDS))
        traffic_services.settle(news.marks)
    return len(found)


def look(window: Window) -> list[Evidence]:
    """Every detector's evidence on the calls of ``window``, widened to whole buckets of each detector."""
    found: list[Evidence] = []
    by_width = defaultdict(list)
    for detector in detectors().values():
        by_width[detector.window_seconds * MICROSECONDS].append(detector)
    for width, group in sorted(by_width.items()):
        whole = Window(window.start // width * width, (window.end + width - 1) // width * width)
        calls = labelled_calls(engine.calls(whole, columns=DETECTOR_COLUMNS))
        for detector in group:
            found.extend(detector.detect(calls))
    return found


def store(found: Sequence[Evidence], now: int) -> None:
    """Keep evidence and bring actors and threats up to date; the same evidence again changes nothing."""
    touched: dict[str, Actor] = {}
    for piece in found:
        actor = _actor(piece)
        touched[actor.id] = actor
        ActorEvidence.objects.update_or_create(
            actor=actor,
            detector=piece.detector,
            bucket=piece.bucket,
            defaults={
                "attack_class": piece.attack_class,
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
            },
        )
    for actor in touched.values():
        _refresh(actor, now)


def set_status(threat_id: str, status: str, reason: str) -> Threat:
    """Close a threat with a reason, or open it again."""
    if status not in Threat.Status.values:
        raise Invalid("invalid-status", "The status is open or closed. Nothing was changed.")
    if status == Threat.Status.CLOSED and not reason.strip():
        raise Invalid(
            "reason-missing",
            "Closing a threat needs a reason. Nothing was changed.",
            fields={"reason": ["required"]},
        )
    with transaction.atomic():
        threat = Threat.objects.select_for_update().filter(pk=threat_id).first()
        if threat is None:
            raise NotFound("threat-not-found", "There is no such threat. Nothing was changed.")
        before = threat.status
        threat.status, threat.status_reason = status, reason
        threat.closed_ts = threat.last_ts if status == Threat.Status.CLOSED else None
        threat.save(update_fields=["status", "status_reason", "closed_ts"])
        record(
            "threat.status",
            target=threat.id,
            before={"status": before},
            after={"status": status},
            reason=reason,
        )
    return threat


def _one_tick() -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 13))")


def _actor(piece: Evidence) -> Actor:
    label = piece.actor_key if piece.actor_kind != "principal" else f"principal {piece.actor_key[:12]}"
    actor, created = Actor.objects.get_or_create(
        kind=piece.actor_kind.value,
        key=piece.actor_key,
        defaults={
            "label": label,
            "addresses": sorted(piece.addresses)[:1000],
            "first_ts": piece.first_ts,
            "last_ts": piece.last_ts,
        },
    )
    if not created:
        actor.addresses = sorted({*actor.addresses, *piece.addresses})[:1000]
        actor.first_ts, actor.last_ts = min(actor.first_ts, piece.first_ts), max(actor.last_ts, piece.last_ts)
        actor.save(update_fields=["addresses", "first_ts", "last_ts"])
    return actor


def _scored(rows: Iterable[ActorEvidence]) -> list[scoring.Scored]:
    return [scoring.Scored(row.detector, row.points, row.last_ts, row.sentence) for row in rows]


def _refresh(actor: Actor, now: int) -> None:
    rows = list(actor.evidence.order_by("last_ts"))
    actor.score = scoring.score(_scored(rows), now)
    actor.save(update_fields=["score"])
    by_class = defaultdict(list)
    for row in rows:
        by_class[row.attack_class].append(row)
    for kind, pieces in by_class.items():
        _threat(actor, kind, pieces, now)


def _threat(actor: Actor, kind: str, pieces: list[ActorEvidence], now: int) -> None:
    value = scoring.score(_scored(pieces), now)
    values: dict[str, Any] = {
        "title": f"{title_of(kind)} by {actor.label}",
        "severity": scoring.severity(actor.score),
        "confidence": max(piece.confidence for piece in pieces),
        "spoofable": actor.kind in ("ip", "campaign") and any(_spoofable(piece.detector) for piece in pieces),
        "requests": sum(piece.requests for piece in pieces),
        "succeeded": sum(piece.succeeded for piece in pieces),
        "endpoints": list(dict.fromkeys(name for piece in pieces for name in piece.endpoints))[:20],
        "sentence": pieces[-1].sentence,
        "score": value,
        "first_ts": min(piece.first_ts for piece in pieces),
        "last_ts": max(piece.last_ts for piece in pieces),
    }
    held = Threat.objects.filter(actor=actor, kind=kind).first()
    if held is None:
        threat = Threat.objects.create(actor=actor, kind=kind, **values)
        emit("threat.raised", threat_id=threat.id)
        return
    risen = _SEVERITIES.index(values["severity"]) > _SEVERITIES.index(held.severity)
    reopened = held.status == Threat.Status.CLOSED and values["last_ts"] > (held.closed_ts or 0)
    if reopened:
        values |= {"status": Threat.Status.OPEN, "status_reason": "New evidence came in.", "closed_ts": None}
    Threat.objects.filter(pk=held.pk).update(**values)
    if risen or reopened:
        emit("threat.raised", threat_id=held.id)


def _spoofable(detector: str) -> bool:
    found = detectors().get(detector)
    return found.spoofable if found else False
