"""Jobs of detection."""

from __future__ import annotations

import time
from typing import Final

from controlplane.detection import services
from tenants.jobs.events import subscribe
from tenants.jobs.services import every, job

#: A run ends after this, so that other tenants' calls are looked at too; what is left is another run's.
_ENOUGH_SECONDS: Final = 10
_AGAIN_SECONDS: Final = 5


@subscribe("calls.stored", delay=_AGAIN_SECONDS)
@every(seconds=60)
@job(queue="analysis", max_retries=1, time_limit=300)
def tick() -> None:
    """Look at newly stored calls; also on a schedule, so that a lost wake-up costs a minute at most."""
    started = time.monotonic()
    while (done := services.tick()).news:
        if time.monotonic() - started > _ENOUGH_SECONDS:
            tick.enqueue(delay=_AGAIN_SECONDS, unique_key="more")
            return
    if done.busy:
        tick.enqueue(delay=_AGAIN_SECONDS, unique_key="more")
