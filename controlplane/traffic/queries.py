"""Readers of the catalogue: how a connection's sources are doing, and what was quarantined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from controlplane.traffic import engine
from controlplane.traffic.models import QuarantinedRecord, SourceStatus
from controlplane.traffic.types import MICROSECONDS, CallFilter, Window


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
    hour = engine.totals(Window.last(3600, now), CallFilter(connection=connection_id)).to_pylist()[0]["calls"]
    minute = engine.totals(Window.last(60, now), CallFilter(connection=connection_id)).to_pylist()[0]["calls"]
    rows = list(SourceStatus.objects.filter(connection=connection_id).order_by("source"))
    return [
        SourceHealth(
            source=row.source,
            calls=row.calls,
            duplicates=row.duplicates,
            quarantined=row.quarantined,
            calls_last_hour=hour if len(rows) == 1 else min(hour, row.calls),
            rate_per_second=round(minute / 60, 2),
            lag_seconds=None if row.last_call_ts is None else max(0.0, now - row.last_call_ts / MICROSECONDS),
            last_call_ts=row.last_call_ts,
        )
        for row in rows
    ]


def quarantined(connection_id: str) -> QuerySet[QuarantinedRecord]:
    """Records of a connection that could not be read, newest first."""
    return QuarantinedRecord.objects.filter(connection=connection_id).order_by("-id")


def calls_stored(connection_id: str) -> int:
    """How many calls a connection has delivered so far."""
    return sum(SourceStatus.objects.filter(connection=connection_id).values_list("calls", flat=True))
