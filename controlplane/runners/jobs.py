"""Background work of runners."""

from __future__ import annotations

from django.utils import timezone

from controlplane.runners import services
from tenants.jobs.services import every, job


@every(seconds=300)
@job(max_retries=0)
def clear() -> None:
    """Remove relayed requests that nobody waits for."""
    services.clear(timezone.now())
