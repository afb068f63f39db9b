"""Jobs of blocking: push, expire, watch and repair drift. Each may run twice."""

from __future__ import annotations

from connectors.base.errors import ConnectorError
from controlplane.blocking import queries, services
from controlplane.blocking.services import watching
from controlplane.blocking.services.asking import utc_now
from tenants.jobs.services import every, job


@job(queue="blocking", max_retries=10, time_limit=300)
def push(connection_id: str, ref: str) -> None:
    """Bring one target to what the tenant's blocks want."""
    services.reconcile(connection_id, ref)


@every(seconds=10)
@job(queue="blocking", max_retries=0)
def expire_due() -> None:
    """Remove what is over. Also catches blocks that fell due while no worker was alive."""
    services.expire_due(utc_now())


@every(seconds=60)
@job(queue="blocking", max_retries=0, time_limit=300)
def repair() -> None:
    """Push again where a target failed or still has a leaving block, and look for drift on the others."""
    for connection_id, ref in queries.active_targets():
        try:
            watching.check_drift(connection_id, ref)
            services.reconcile(connection_id, ref)
        except ConnectorError:
            continue  # noted on the block by reconcile; the next round tries again


@every(seconds=30)
@job(queue="blocking", max_retries=0, time_limit=120)
def watch() -> None:
    """Undo a block by itself when known-good callers suffer more than its preview said."""
    watching.watch_effects(utc_now())
