"""Jobs of alerts: turn events into deliveries, deliver with back-off."""

from __future__ import annotations

from django.db import transaction

from connectors.base.errors import TransientError
from controlplane.alerts import services, subjects
from controlplane.alerts.types import Subject
from tenants.errors import NotFound
from tenants.jobs.events import subscribe
from tenants.jobs.services import job

#: Seconds until the next try, in order; three days in all, then the delivery is failed and shown.
_BACKOFF = (10, 60, 300, 1800, 7200, 21_600, 43_200, 86_400, 86_400)


def _queue(subject: Subject) -> None:
    with transaction.atomic():
        for delivery_id in services.route(subject):
            deliver.enqueue(delivery_id, 0)


@subscribe("finding.opened")
@job(queue="alerts")
def announce_finding(finding_id: str) -> None:
    """Route a finding to the destinations that ask for it."""
    try:
        _queue(subjects.finding_subject(finding_id))
    except NotFound:
        return


@subscribe("threat.raised")
@job(queue="alerts")
def announce_threat(threat_id: str) -> None:
    """Route a threat."""
    try:
        _queue(subjects.threat_subject(threat_id))
    except NotFound:
        return


@subscribe("block.changed")
@job(queue="alerts")
def announce_block(block_id: str) -> None:
    """Route a block's change."""
    try:
        _queue(subjects.block_subject(block_id))
    except NotFound:
        return


@job(queue="alerts", max_retries=3, time_limit=60)
def deliver(delivery_id: str, attempt: int) -> None:
    """Deliver one message; when it may succeed later, try again with growing pauses."""
    try:
        services.deliver(delivery_id)
    except TransientError:
        if attempt < len(_BACKOFF):
            deliver.enqueue(delivery_id, attempt + 1, delay=_BACKOFF[attempt])
        else:
            services.give_up(delivery_id)
