"""Readers of the catalogue: how a connection's sources are doing, and what was quarantined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Min, QuerySet, Sum

from controlplane.traffic import engine
from controlplane.traffic.models import Push, QuarantinedRecord, Segment, SourceStatus, Unread
from controlplane.traffic.types import MAX_ATTEMPTS, MICROSECONDS, CallFilter, Window


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source of one connection; ``lag_seconds`` is from the newest call's event time to ``now``."""

    source: str
    calls: int
    duplicates: int
    quarantined: int
    calls_last_hour: int
    rate_per_second: float
    lag_seconds: float | None
    last_call_ts: int | None


def source_health(connection_id: str, now: float) -> Sequence[SourceHealth]:
    """Every source a connection ever delivered, by name."""

    def calls_in(seconds: int, source: str) -> int:
        where = CallFilter(connection=connection_id, source=source)
        return int(engine.totals(Window.last(seconds, now), where).column("calls")[0].as_py())

    return [
        SourceHealth(
            source=row.source,
            calls=row.calls,
            duplicates=row.duplicates,
            quarantined=row.quarantined,
            calls_last_hour=calls_in(3600, row.source),
            rate_per_second=round(calls_in(300, row.source) / 300, 2),
            lag_seconds=None if row.last_call_ts is None else max(0.0, now - row.last_call_ts / MICROSECONDS),
            last_call_ts=row.last_call_ts,
        )
        for row in SourceStatus.objects.filter(connection=connection_id).order_by("source")
    ]


def quarantined(connection_id: str) -> QuerySet[QuarantinedRecord]:
    """Records of a connection that could not be read, newest first."""
    return QuarantinedRecord.objects.filter(connection=connection_id).order_by("-id")


def calls_stored(connection_id: str) -> int:
    """How many calls a connection has delivered so far."""
    return sum(SourceStatus.objects.filter(connection=connection_id).values_list("calls", flat=True))


def waiting_bytes() -> int:
    """Size of what waits: pushes not read yet, and stored segments that some reader has not dealt with."""
    stored = Segment.objects.filter(pk__in=Unread.objects.values("segment_id")).aggregate(total=Sum("bytes"))
    pushed = Push.objects.aggregate(total=Sum("size"))
    return int(stored["total"] or 0) + int(pushed["total"] or 0)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Acknowledged pushes of a connection that are not calls yet; ``failed`` were set aside.

    ``problem`` is the last reason of those, else why the others still wait.
    """

    pushes: int
    records: int
    oldest_seconds: float
    failed: int
    problem: str


def backlog(connection_id: str, now: float) -> Backlog:
    """What was pushed to a connection and still waits to be read."""
    every = Push.objects.filter(connection=connection_id)
    waiting = every.filter(attempts__lt=MAX_ATTEMPTS).aggregate(
        pushes=Count("id"), records=Sum("records"), oldest=Min("received_at")
    )
    failed = every.filter(attempts__gte=MAX_ATTEMPTS)
    oldest = waiting["oldest"]
    return Backlog(
        pushes=waiting["pushes"],
        records=waiting["records"] or 0,
        oldest_seconds=0.0 if oldest is None else max(0.0, now - oldest / MICROSECONDS),
        failed=failed.count(),
        problem=every.exclude(problem="").order_by("attempts", "id").values_list("problem", flat=True).last()
        or "",
    )


@dataclass(frozen=True, slots=True)
class News:
    """Stored calls a reader has not dealt with: marks to settle afterwards, segments, event times covered (µs)."""

    marks: tuple[str, ...]
    segments: tuple[str, ...]
    min_ts: int
    max_ts: int


def news_for(reader: str, at_most: int = 1000) -> News | None:
    """What was stored and not yet settled by ``reader`` (one of ``types.READERS``); None when there is nothing.

    The oldest ``at_most`` segments; ask again after settling them.
    """
    rows = list(Unread.objects.filter(reader=reader).order_by("id")[:at_most])
    if not rows:
        return None
    return News(
        tuple(row.id for row in rows),
        tuple(row.segment_id for row in rows),
        min(row.min_ts for row in rows),
        max(row.max_ts for row in rows),
    )
