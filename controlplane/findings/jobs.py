"""Background work of findings."""

from __future__ import annotations

from datetime import UTC, datetime

from controlplane.findings import services
from tenants.jobs.events import subscribe
from tenants.jobs.services import every, job


@every(seconds=600)
@job(max_retries=0)
def reopen_expired() -> None:
    """Open findings whose accepted risk ran out, even when no read happens."""
    services.reopen_expired(datetime.now(UTC))


@subscribe("connection.deleted")
@job()
def forget_connection(connection_id: str) -> None:
    """Remove what was found in a connection that is gone."""
    services.forget_connection(connection_id)
