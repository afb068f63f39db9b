"""Jobs of traffic: read pushes, merge small segments, apply retention, sweep what crashes left."""

from __future__ import annotations

import time

from controlplane.traffic import clock, pushes, upkeep
from controlplane.traffic.engine import summaries
from controlplane.traffic.raw import window
from tenants.jobs.services import every, job


@job(queue="intake", max_retries=3, time_limit=600)
def drain(connection_id: str) -> None:
    """Read what was pushed to a connection into calls."""
    pushes.drain(connection_id, time.time())


@every(seconds=60)
@job(queue="intake", max_retries=0, time_limit=60)
def drain_waiting() -> None:
    """Have every connection read that has pushes waiting, whatever became of their own job."""
    for connection_id in pushes.waiting_connections():
        drain.enqueue(connection_id, unique_key=connection_id)


@every(seconds=86_400)
@job(queue="intake", max_retries=0, time_limit=60)
def retry_failed() -> None:
    """Try pushes that were set aside once more: the release since may read them."""
    pushes.retry_failed()


@every(seconds=300)
@job(queue="analysis", max_retries=0, time_limit=600)
def compact() -> None:
    """Merge the many small segments of pushes and frequent pulls into few, and sum up what is large enough."""
    upkeep.compact(time.time())
    summaries.build(time.time())


@every(seconds=3600)
@job(queue="analysis", max_retries=0, time_limit=600)
def sweep() -> None:
    """Drop calls beyond retention, files nobody reads any more and files a crash left without a row.

    What is fresh must not go because the clock jumped: age counts only by a steady one.
    """
    now = time.time()
    steady = clock.is_steady(now)
    if steady:
        clock.date_anew(now)
        upkeep.drop_expired(now)
    if steady or not window.hours():
        window.expire(now)
    upkeep.delete_retired(now)
    upkeep.delete_orphans(now)
