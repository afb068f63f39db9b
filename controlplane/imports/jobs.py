"""Jobs of imports."""

from __future__ import annotations

from controlplane.imports import services
from tenants.jobs.services import job


@job(max_retries=2, time_limit=3600)
def read(import_id: str) -> None:
    """Read a dropped file."""
    services.run(import_id)
