"""The only writers of actors, evidence and threats."""

from __future__ import annotations

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


def tick(max_calls: int = MAX_CALLS) -> int | None:
    """Run every detector over the windows that newly stored calls touch; None when there was nothing new.

    Returns the pieces of evidence found. One tick at a time runs per tenant; the news is settled in the same
    transaction as its evidence, so that a tick that fails is simply done again.
    """
    with transaction.atomic():
        _one_at_a_time()
        news = traffic.news_for("detection", SEGMENTS_PER_TICK)
        if news is None:
            return None
        found = look(Window(news.min_ts, news.max_ts + 1), max_calls)
        traffic_services.settle(news.marks)
    return found


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


def _one_at_a_time() -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 13))")
