"""Jobs of traffic: pull from vendors, merge small segments, apply retention, sweep what crashes left."""

from __future__ import annotations

import time

from controlplane.traffic import upkeep
from tenants.jobs.services import every, job


@every(seconds=300)
@job(queue="analysis", max_retries=0, time_limit=600)
def compact() -> None:
    """Merge the many small segments of pushes and frequent pulls into few."""
    upkeep.compact(time.time())


@every(seconds=3600)
@job(queue="analysis", max_retries=0, time_limit=600)
def sweep() -> None:
    """Drop calls beyond retention, files nobody reads any more and files a crash left without a row."""
    upkeep.drop_expired(time.time())
    upkeep.delete_retired(time.time())
    upkeep.delete_orphans(time.time())
