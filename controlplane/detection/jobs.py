"""Jobs of detection."""

from __future__ import annotations

import time

from controlplane.detection import services
from tenants.jobs.events import subscribe
from tenants.jobs.services import every, job


@subscribe("calls.stored")
@every(seconds=60)
@job(queue="detection", max_retries=1, time_limit=300)
def tick() -> None:
    """Look at newly stored calls; also on a schedule, so that a lost wake-up costs a minute at most."""
    services.tick(time.time())
