"""The only writer of calls: ``accept`` takes a normalised batch through the door into the store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection as database
from django.db import transaction
from django.db.models import F

from connectors.base.calls import CallBatch, Quarantined
from controlplane.traffic import clock
from controlplane.traffic.door import DoorKeys, prepare
from controlplane.traffic.door.limits import MAX_BATCH_CALLS
from controlplane.traffic.door.pipeline import first_of_each
from controlplane.traffic.door.times import not_from_the_future
from controlplane.traffic.duplicates import unseen
from controlplane.traffic.models import QuarantinedRecord, Segment, SourceStatus, Unread
from controlplane.traffic.raw.window import keep as keep_raw
from controlplane.traffic.store import segments, turns
from controlplane.traffic.types import READERS, Accepted
from tenants.errors import Invalid
from tenants.ids import new_id
from tenants.jobs.events import emit
from tenants.vault.services import hasher

__all__ = ["accept", "keep_raw", "settle"]

#: Quarantined records kept per batch; the rest are counted.
_KEPT_QUARANTINED = 100


def accept(connection_id: str, batch: CallBatch, now: float) -> Accepted:
    """Store a batch exactly once and announce it.

    Runs in one transaction; wrap it in an outer one to commit a cursor with it. ``now`` is Unix time in seconds.
    A call whose ``call_id`` this connection already has is a duplicate and changes nothing.
    Raises ``Invalid`` when the batch is larger than ``MAX_BATCH_CALLS``; nothing is stored then.
    """
    if batch.table.num_rows > MAX_BATCH_CALLS:
        raise Invalid(
            "batch-too-large",
            f"The batch has {batch.table.num_rows} calls; {MAX_BATCH_CALLS} is the limit. Nothing was stored. Split it.",
        )
    with transaction.atomic():
        _one_writer(connection_id)
        turns.writing()
        received_at = clock.received_at(now)
        table, ahead = not_from_the_future(batch.table, received_at)
        fresh = unseen(connection_id, first_of_each(table))
        ids: list[str] = []
        if fresh.num_rows:
            ready = prepare(fresh, connection_id, received_at, _keys())
            ids = [
                _store(connection_id, batch.source, day, rows, received_at)
                for day, rows in segments.split_by_day(ready)
            ]
        bad = (*batch.quarantined, *ahead)
        _quarantine(connection_id, batch.source, bad, received_at)
        done = Accepted(fresh.num_rows, table.num_rows - fresh.num_rows, len(bad), tuple(ids))
        _count(connection_id, batch.source, fresh, done, received_at)
        if ids:
            emit("calls.stored", connection_id=connection_id)
    return done


def settle(marks: Iterable[str]) -> None:
    """A reader has dealt with the news of these marks (``queries.News.marks``), in the transaction of its work."""
    Unread.objects.filter(pk__in=list(marks)).delete()


def _one_writer(connection_id: str) -> None:
    """Serialise writers of a connection until commit, so that two copies of a batch cannot both be new."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 7))", [connection_id]
        )


def _keys() -> DoorKeys:
    hashed = hasher()
    return DoorKeys(keyed_hash=hashed, redaction_key=hashed("redaction", "door").encode())


def _store(connection_id: str, source: str, day: date, rows: pa.Table, received_at: int) -> str:
    segment_id = new_id("seg")
    relative, size = segments.write(rows, day, segment_id)
    bounds = pc.min_max(rows.column("ts")).as_py()
    Segment.objects.create(
        id=segment_id,
        connection=connection_id,
        source=source,
        day=day,
        path=relative,
        calls=rows.num_rows,
        bytes=size,
        min_ts=bounds["min"],
        max_ts=bounds["max"],
        received_at=received_at,
    )
    Unread.objects.bulk_create(
        Unread(reader=reader, segment_id=segment_id, min_ts=bounds["min"], max_ts=bounds["max"])
        for reader in READERS
    )
    return segment_id


def _quarantine(connection_id: str, source: str, records: tuple[Quarantined, ...], received_at: int) -> None:
    QuarantinedRecord.objects.bulk_create(
        QuarantinedRecord(
            connection=connection_id,
            source=source,
            reason=record.reason,
            excerpt=record.excerpt[:200],
            line=record.line,
            received_at=received_at,
        )
        for record in records[:_KEPT_QUARANTINED]
    )


def _count(connection_id: str, source: str, fresh: pa.Table, done: Accepted, received_at: int) -> None:
    status, _ = SourceStatus.objects.get_or_create(connection=connection_id, source=source)
    newest = pc.max(fresh.column("ts")).as_py() if fresh.num_rows else None
    changes: dict[str, object] = {
        "calls": F("calls") + done.stored,
        "duplicates": F("duplicates") + done.duplicates,
        "quarantined": F("quarantined") + done.quarantined,
        "last_received_at": received_at,
    }
    if newest is not None and newest > (status.last_call_ts or 0):
        changes["last_call_ts"] = newest
    SourceStatus.objects.filter(pk=status.pk).update(**changes)
