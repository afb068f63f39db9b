"""Pushed records between acknowledgement and store: kept sealed at once, read into calls by a job.

A push is acknowledged when its row is committed. ``drain`` turns rows into calls; the rows go in the transaction that
stores the calls, so a crash at any point loses nothing and stores nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import structlog
from django.db import DatabaseError, transaction
from django.db import connection as database
from django.db.models import F

from connectors.base.calls import CallBatch, Quarantined, RawBatch
from connectors.base.capabilities import Capability
from controlplane.connections import services as connections
from controlplane.traffic.models import Push
from controlplane.traffic.raw import window
from controlplane.traffic.services import accept
from controlplane.traffic.store.files import NotWritten
from controlplane.traffic.types import MAX_ATTEMPTS, MICROSECONDS
from tenants.ids import new_id
from tenants.redaction import redacted_text

log = structlog.get_logger(__name__)

#: What one turn of ``drain`` takes: a segment worth writing, and no more than memory bears.
_TURN_PUSHES: Final = 500
_TURN_RECORDS: Final = 100_000
_TURN_BYTES: Final = 16 << 20  # compressed


def keep(connection_id: str, batch: RawBatch, now: float) -> str:
    """Keep records durably (once the caller's transaction commits) and have them read; returns the push's id."""
    from controlplane.traffic.jobs import drain as drain_job  # jobs import the services

    push_id = new_id("psh")
    frame = window.sealed(connection_id, push_id, batch, now)
    Push.objects.create(
        id=push_id,
        connection=connection_id,
        records=len(batch.records),
        key_day=frame.day,
        body=frame.sealed,
        size=len(frame.sealed),
        received_at=int(now * MICROSECONDS),
    )
    drain_job.enqueue(connection_id, unique_key=connection_id)
    return push_id


def drain(connection_id: str, now: float) -> int:
    """Read what was pushed to a connection into calls until nothing waits; returns how many pushes were read.

    A push that cannot be read holds up no other: it is tried alone, and set aside with the reason after
    ``MAX_ATTEMPTS``.
    """
    done = 0
    while taken := _turn(connection_id, now):
        done += taken
    return done


def retry_failed() -> int:
    """Try pushes again that were set aside, once more; returns how many."""
    return Push.objects.filter(attempts__gte=MAX_ATTEMPTS).update(attempts=MAX_ATTEMPTS - 1)


def waiting_connections() -> list[str]:
    """Connections with pushes that wait to be read."""
    rows = Push.objects.filter(attempts__lt=MAX_ATTEMPTS).values_list("connection", flat=True)
    return sorted(set(rows))


def _turn(connection_id: str, now: float) -> int:
    """Read some pushes in one transaction, or each alone when together they fail."""
    try:
        with transaction.atomic():
            rows = _next(connection_id)
            _read(connection_id, rows, now)
        return len(rows)
    except DatabaseError:
        raise  # not the records' fault
    except NotWritten as error:
        _tell(connection_id, error)
        raise
    except Exception:
        log.exception("pushes could not be read together", connection=connection_id)
    for row in _waiting(connection_id)[:_TURN_PUSHES]:
        _alone(connection_id, row.pk, now)
    return 1


def _alone(connection_id: str, push_id: str, now: float) -> None:
    try:
        with transaction.atomic():
            _one_reader(connection_id)
            _read(connection_id, list(Push.objects.filter(pk=push_id)), now)
    except DatabaseError:
        raise
    except NotWritten as error:
        _tell(connection_id, error)
        raise
    except Exception as error:
        problem = redacted_text(f"{type(error).__name__}: {error}")[:500]
        Push.objects.filter(pk=push_id).update(attempts=F("attempts") + 1, problem=problem)
        log.exception("a push could not be read", connection=connection_id, push=push_id)


def _tell(connection_id: str, error: NotWritten) -> None:
    """Say at what waits why it waits; no try is used up."""
    oldest = _waiting(connection_id).values("pk")[:1]
    Push.objects.filter(pk__in=oldest).update(problem=f"{error.detail} {error.action}")


def _waiting(connection_id: str) -> Any:
    return (
        Push.objects.filter(connection=connection_id, attempts__lt=MAX_ATTEMPTS).order_by("id").defer("body")
    )


def _next(connection_id: str) -> list[Push]:
    """The oldest pushes that fit into one turn; nobody else reads this connection's until the transaction ends."""
    _one_reader(connection_id)
    chosen: list[str] = []
    records = size = 0
    for row in _waiting(connection_id)[:_TURN_PUSHES]:
        records, size = records + row.records, size + row.size
        if chosen and (records > _TURN_RECORDS or size > _TURN_BYTES):
            break
        chosen.append(row.pk)
    return list(Push.objects.filter(pk__in=chosen).order_by("id"))


def _one_reader(connection_id: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 8))", [connection_id]
        )


def _read(connection_id: str, rows: Sequence[Push], now: float) -> None:
    """Normalise the pushes, store their calls together, move the raw records into the window."""
    if not rows:
        return
    connector: Any = connections.open_connector(connection_id, Capability.RECEIVE_CALLS)
    batches: dict[str, list[CallBatch]] = defaultdict(list)
    kept = [window.Frame(row.pk, row.key_day, bytes(row.body)) for row in rows]
    opened = [window.opened(connection_id, frame) for frame in kept]
    for raw in joined_records(opened) if connector.joins else opened:
        batch = connector.normalise(raw)
        batches[batch.source].append(batch)
    for source, several in batches.items():
        accept(connection_id, _joined(source, several), now)
    if window.hours():
        window.write(connection_id, kept, sum(row.records for row in rows), now)
    Push.objects.filter(pk__in=[row.pk for row in rows]).delete()


def joined_records(batches: Iterable[RawBatch]) -> list[RawBatch]:
    """Batches of the same source and context as one: a batch costs something before its first record."""
    together: dict[tuple[str, tuple[tuple[str, str], ...]], list[bytes]] = {}
    for batch in batches:
        together.setdefault((batch.source, tuple(sorted(batch.context.items()))), []).extend(batch.records)
    return [
        RawBatch(source, tuple(records), dict(context)) for (source, context), records in together.items()
    ]


def _joined(source: str, several: Sequence[CallBatch]) -> CallBatch:
    quarantined: tuple[Quarantined, ...] = tuple(entry for batch in several for entry in batch.quarantined)
    return CallBatch(source, pa.concat_tables([batch.table for batch in several]), quarantined)
