"""The only writers of actors, evidence and threats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import connection as database
from django.db import transaction

from controlplane.detection.looking import MAX_CALLS, looks
from controlplane.detection.models import Threat
from controlplane.detection.storing import store
from controlplane.traffic import queries as traffic
from controlplane.traffic import services as traffic_services
from controlplane.traffic.types import Window
from tenants.audit.services import record
from tenants.errors import Invalid, NotFound

#: Segments one tick deals with, so that a large import is many short transactions.
SEGMENTS_PER_TICK: Final = 20


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick did: ``news`` it had calls to look at, ``busy`` another tick was running, ``found`` pieces of evidence."""

    news: bool = False
    busy: bool = False
    found: int = 0


def tick(max_calls: int = MAX_CALLS) -> Ticked:
    """Run every detector over the windows that newly stored calls touch.

    One tick at a time runs per tenant, and none waits for another: a waiting one would hold its worker. The news is
    settled in the same transaction as its evidence, so that a tick that fails is simply done again.
    """
    with transaction.atomic():
        if not _alone():
            return Ticked(busy=True)
        news = traffic.news_for("detection", SEGMENTS_PER_TICK)
        if news is None:
            return Ticked()
        found = look(Window(news.min_ts, news.max_ts + 1), max_calls)
        traffic_services.settle(news.marks)
    return Ticked(news=True, found=found)


def look(window: Window, max_calls: int = MAX_CALLS) -> int:
    """Look at ``window`` (again) and keep what is found; returns the pieces of evidence."""
    found = 0
    with transaction.atomic():
        for looked in looks(window, max_calls):
            store(looked)
            found += len(looked.evidence)
    return found


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


def _alone() -> bool:
    """Take the tenant's lock of ticks until the transaction ends; False while another tick holds it."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema(), 13))")
        row = cursor.fetchone()
    return bool(row and row[0])
