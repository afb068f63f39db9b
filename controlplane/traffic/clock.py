"""What is believed of the machine's clock: never that time went back, and not at once that much of it passed.

A clock that jumps must not make fresh calls old. Whatever is deleted because of its age is deleted by a clock that ran
on without a jump for a day, as the sweeps saw it.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import Max

from controlplane.traffic.models import Push, QuarantinedRecord, RawFile, Segment, SourceStatus, SweepClock
from controlplane.traffic.types import MICROSECONDS

#: Sweeps come every hour: a longer pause is a jump, or we were down, which looks the same.
_PAUSE: Final = 2 * 3600 * MICROSECONDS
#: How far back the clock may be set without being a jump; workers on several machines differ by less.
_BACK: Final = 600 * MICROSECONDS
_STEADY: Final = 86_400 * MICROSECONDS


def received_at(now: float) -> int:
    """The time of receipt (µs) of what comes at ``now`` (Unix seconds): not before what came earlier."""
    latest = SourceStatus.objects.aggregate(latest=Max("last_received_at"))["latest"] or 0
    return max(int(now * MICROSECONDS), latest)


def is_steady(now: float) -> bool:
    """Whether the clock may say what is old; each sweep asks once. The first one of a workspace has to believe it."""
    seen = int(now * MICROSECONDS)
    with transaction.atomic():
        row = SweepClock.objects.select_for_update().filter(pk=1).first()
        if row is None:
            SweepClock.objects.create(id=1, seen_at=seen, steady_since=0)
            return True
        if not -_BACK <= seen - row.seen_at <= _PAUSE:
            row.steady_since = seen
        row.seen_at = seen
        row.save()
    return seen - row.steady_since >= _STEADY


def date_anew(now: float) -> None:
    """What says it came in the future came while the clock was ahead: it counts as of now, lest it be kept for ever."""
    seen = int(now * MICROSECONDS)
    ahead = seen + _PAUSE
    for model in (Segment, RawFile, Push, QuarantinedRecord):
        model.objects.filter(received_at__gt=ahead).update(received_at=seen)
    SourceStatus.objects.filter(last_received_at__gt=ahead).update(last_received_at=seen)
