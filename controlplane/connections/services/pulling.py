"""Pull calls from a vendor's logs through the door; the cursor commits with the calls it accounts for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.capabilities import Capability, Cursor
from connectors.base.errors import ConnectorError
from connectors.base.model import ConfigSnapshot
from controlplane.connections import documents
from controlplane.connections.models import CallCursor, Snapshot, SyncRun
from controlplane.connections.services.access import fail, problem, recovered
from controlplane.connections.services.opening import get, open_connector
from controlplane.connections.types import ConnectionStatus, RunKind, RunState
from controlplane.traffic import services as traffic
from tenants.errors import Unavailable


def pull(connection_id: str, seconds: float = 60.0) -> SyncRun | None:
    """Read on from the stored cursor until the log is drained or ``seconds`` are over.

    Answers the run when calls were stored or something failed, None when there was nothing new. An error of the vendor
    or of our own disk ends the run and is shown until a pull works again; the cursor stays at the last stored batch. Two
    workers may pull one connection: who finds the cursor moved by the other stops.
    """
    connection = get(connection_id)
    deadline, started = time.monotonic() + seconds, timezone.now()
    tally = Counter[str]()
    error: ConnectorError | Unavailable | None = None
    try:
        reader = open_connector(connection.id, Capability.PULL_CALLS)
        position = _position(connection.id)
        for batch, cursor in reader.read_calls(position, _snapshot(connection.id)):
            if not _accept(connection.id, batch, reader.normalise(batch), position, cursor, tally):
                break
            position = dict(cursor)
            if time.monotonic() > deadline:
                break
    except (ConnectorError, Unavailable) as caught:
        error = caught
    if error is None and connection.status == ConnectionStatus.FAILED:
        _show_recovery(connection.id)
    if error is None and not tally.total():
        return None
    with transaction.atomic():
        if error is not None:
            fail(connection.id, error)
        return SyncRun.objects.create(
            connection=connection,
            kind=RunKind.CALLS,
            state=RunState.FAILED if error else RunState.DONE,
            step="reading calls" if error else "done",
            counts=dict(tally),
            error=problem(error) if error else None,
            started_at=started,
            finished_at=timezone.now(),
        )


def _show_recovery(connection_id: str) -> None:
    last = SyncRun.objects.filter(connection=connection_id, kind=RunKind.CALLS).order_by("-id").first()
    if last is not None and last.state == RunState.FAILED:
        recovered(connection_id, last.error)


def _position(connection_id: str) -> dict[str, Any]:
    held = CallCursor.objects.filter(pk=connection_id).values_list("position", flat=True).first()
    return dict(held or {})


def _snapshot(connection_id: str) -> ConfigSnapshot | None:
    latest = Snapshot.objects.filter(connection=connection_id).order_by("-id").first()
    return documents.from_document(bytes(latest.document)) if latest else None


def _accept(
    connection_id: str,
    records: RawBatch,
    calls: CallBatch,
    position: Mapping[str, Any],
    cursor: Cursor,
    tally: Counter[str],
) -> bool:
    """Store one batch and move the cursor in one transaction; False when another worker was faster."""
    now = timezone.now()
    with transaction.atomic():
        CallCursor.objects.get_or_create(connection_id=connection_id)
        held = CallCursor.objects.select_for_update().get(pk=connection_id)
        if held.position != dict(position):
            return False
        accepted = traffic.accept(connection_id, calls, now.timestamp())
        traffic.keep_raw(connection_id, records, now.timestamp())
        held.position, held.moved_at = dict(cursor), now
        held.save()
    counts = {
        "stored": accepted.stored,
        "duplicates": accepted.duplicates,
        "quarantined": accepted.quarantined,
    }
    tally.update(counts)
    return True
