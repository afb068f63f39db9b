"""Jobs of the inventory."""

from __future__ import annotations

import time

from controlplane.inventory import services
from tenants.jobs.events import subscribe
from tenants.jobs.services import every, job


@subscribe("config.read")
@job(max_retries=3, time_limit=600)
def apply_snapshot(connection_id: str) -> None:
    """Bring the inventory to a connection's latest configuration."""
    services.apply_snapshot(connection_id)


@subscribe("calls.stored", delay=3)
@every(seconds=60)
@job(queue="analysis", max_retries=1, time_limit=600)
def learn() -> None:
    """Learn from newly stored calls; also on a schedule, so that a lost wake-up costs a minute at most."""
    services.learn_news(time.time())


@every(seconds=60)
@job(queue="analysis", max_retries=0, time_limit=300)
def refresh_day() -> None:
    """Count the last day again."""
    services.refresh_day(time.time())
