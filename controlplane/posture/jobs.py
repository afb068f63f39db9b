"""Background work of posture: run the checks after every change, and now and then without one."""

from __future__ import annotations

from datetime import UTC, datetime

from controlplane.connections import queries as connections
from controlplane.posture import services
from tenants.jobs.events import subscribe
from tenants.jobs.services import every, job


@subscribe("inventory.changed", delay=5)
@job(max_retries=2, time_limit=600)
def run_checks(connection_id: str) -> None:
    """Run every check over a connection."""
    services.run_checks(connection_id, datetime.now(UTC))


@every(seconds=3600)
@job(max_retries=0)
def run_all_checks() -> None:
    """Run the checks of every connection: facts from traffic change without the configuration changing."""
    for connection in connections.refs():
        run_checks.enqueue(connection.id, unique_key=connection.id)
