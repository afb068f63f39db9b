"""Keep the store small and tidy: compaction, retention, and what a crash may leave behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import transaction

from connectors.base.calls import CALL_SCHEMA
from controlplane.traffic.models import Push, QuarantinedRecord, RetiredFile, Segment, Unread
from controlplane.traffic.store import segments, turns
from controlplane.traffic.types import MICROSECONDS
from tenants.ids import new_id

#: A merged group needs at least this many segments; larger ones than this many calls are left alone.
_MERGE_AT_LEAST = 8
_SMALL_CALLS = 100_000
#: What one merge may read at once: a call takes about a kilobyte of memory.
_MERGE_AT_MOST = 1_000_000
#: How long a retired file stays for readers that opened it before; also the age at which an orphan is one.
GRACE_SECONDS = 3600


def compact(now: float) -> int:
    """Merge small segments of the same connection, source and day; returns how many were merged away."""
    groups: dict[tuple[str, str, object], list[Segment]] = defaultdict(list)
    unread = Unread.objects.values_list("segment_id", flat=True)
    for row in Segment.objects.filter(calls__lt=_SMALL_CALLS).exclude(pk__in=unread).order_by("min_ts"):
        groups[(row.connection, row.source, row.day)].append(row)
    parts = [part for rows in groups.values() for part in _parts(rows)]
    return sum(_merge([row.pk for row in part], now) for part in parts if len(part) >= _MERGE_AT_LEAST)


def _parts(rows: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Segments next to each other in time, as many as may be merged at once."""
    part: list[Segment] = []
    calls = 0
    for row in rows:
        if part and calls + row.calls > _MERGE_AT_MOST:
            yield part
            part, calls = [], 0
        part.append(row)
        calls += row.calls
    if part:
        yield part


def _merge(ids: list[str], now: float) -> int:
    with transaction.atomic():
        turns.writing()
        rows = list(Segment.objects.select_for_update().filter(pk__in=ids))
        if len(rows) < 2:
            return 0
        tables = [pq.read_table(segments.absolute(row.path), partitioning=None) for row in rows]
        table = pa.concat_tables(tables, promote_options="default").select(CALL_SCHEMA.names).sort_by("ts")
        segment_id = new_id("seg")
        relative, size = segments.write(table, rows[0].day, segment_id)
        Segment.objects.filter(pk__in=[row.pk for row in rows]).delete()
        RetiredFile.objects.bulk_create(
            RetiredFile(path=row.path, retired_at=int(now * MICROSECONDS)) for row in rows
        )
        Segment.objects.create(
            id=segment_id,
            connection=rows[0].connection,
            source=rows[0].source,
            day=rows[0].day,
            path=relative,
            calls=table.num_rows,
            bytes=size,
            min_ts=min(row.min_ts for row in rows),
            max_ts=max(row.max_ts for row in rows),
            received_at=max(row.received_at for row in rows),
        )
    return len(rows)


def drop_expired(now: float) -> int:
    """Remove what is beyond retention from the catalogue; its files follow after the grace period.

    Calls are kept so long from when they happened or from when they were received, whichever is later: an old log that
    is imported today is not gone tomorrow.
    """
    oldest = (datetime.fromtimestamp(now, UTC) - timedelta(days=settings.RETENTION_DAYS)).date()
    with transaction.atomic():
        limit = int((now - settings.RETENTION_DAYS * 86_400) * MICROSECONDS)
        rows = list(Segment.objects.filter(day__lt=oldest, received_at__lt=limit))
        RetiredFile.objects.bulk_create(
            RetiredFile(path=row.path, retired_at=int(now * MICROSECONDS)) for row in rows
        )
        Segment.objects.filter(pk__in=[row.pk for row in rows]).delete()
        QuarantinedRecord.objects.filter(received_at__lt=limit).delete()
        Push.objects.filter(received_at__lt=limit).delete()
    return len(rows)


def delete_retired(now: float) -> int:
    """Delete files that were retired longer ago than the grace period."""
    limit = int((now - GRACE_SECONDS) * MICROSECONDS)
    rows = list(RetiredFile.objects.filter(retired_at__lt=limit))
    for row in rows:
        segments.remove(row.path)
    RetiredFile.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def delete_orphans(now: float) -> int:
    """Delete files without a row that are older than the grace period; none while one may still get its row.

    How old a file is says the clock, which may have jumped since it was written.
    """
    with transaction.atomic():
        if not turns.nobody_writes():
            return 0
        known = set(Segment.objects.values_list("path", flat=True)) | set(
            RetiredFile.objects.values_list("path", flat=True)
        )
        found = segments.orphans(known, now - GRACE_SECONDS)
        for path in found:
            path.unlink(missing_ok=True)
    return len(found)
