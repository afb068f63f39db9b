"""Jobs of detection."""

from __future__ import annotations

import time
from typing import Final

from controlplane.detection import services
from tenants.jobs.events import subscribe
from tenants.jobs.services import every, job

_ENOUGH_SECONDS: Final = 120


@subscribe("calls.stored", delay=5)
@every(seconds=60)
@job(queue="detection", max_retries=1, time_limit=300)
def tick() -> None:
    """Look at newly stored calls; also on a schedule, so that a lost wake-up costs a minute at most."""
    started = time.monotonic()
    while services.tick() is not None and time.monotonic() - started < _ENOUGH_SECONDS:
        continue
