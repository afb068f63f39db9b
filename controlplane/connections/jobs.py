"""Background work of connections: read configuration, test access, pull calls and changes."""

from __future__ import annotations

from django.utils import timezone

from connectors.base.capabilities import Capability
from controlplane.connections import queries, services
from controlplane.connections.types import ConnectionStatus
from tenants.errors import DomainError, NotFound
from tenants.jobs.events import subscribe
from tenants.jobs.services import every, job


@subscribe("connection.saved")
@job(max_retries=2, time_limit=900)
def first_sync(connection_id: str) -> None:
    """Test access and read the configuration as soon as a connection is complete."""
    found = queries.ref(connection_id)
    if found is None or found.status == ConnectionStatus.DISABLED:
        return
    capabilities = services.manifest_of(found.connector).capabilities
    if Capability.ACCESS in capabilities:
        services.check(connection_id)
    if Capability.CONFIG in capabilities:
        services.run_sync(services.request_sync(connection_id).id)
    if Capability.CHANGES in capabilities:
        pull_changes_of.enqueue(connection_id, unique_key=connection_id)
    if connection_id in {organization.id for organization in queries.organizations()}:
        roll_out_one.enqueue(connection_id, unique_key=connection_id)


@job(max_retries=2, time_limit=900)
def run_sync(run_id: str) -> None:
    """Carry out one requested run."""
    try:
        services.run_sync(run_id)
    except NotFound:
        return


@every(seconds=300)
@job(max_retries=0)
def sync_config() -> None:
    """Ask for a fresh read of every connection's configuration."""
    for connection in queries.live(Capability.CONFIG):
        run = services.request_sync(connection.id)
        run_sync.enqueue(run.id, unique_key=run.id)


@every(seconds=86_400)
@job(max_retries=0)
def check_access() -> None:
    """Test every connection's permissions once a day."""
    for connection in queries.live(Capability.ACCESS):
        check_one.enqueue(connection.id, unique_key=connection.id)


@job(max_retries=1, time_limit=300)
def check_one(connection_id: str) -> None:
    """Test one connection's permissions."""
    try:
        services.check(connection_id)
    except DomainError:
        return


@every(seconds=10)
@job(max_retries=0)
def pull_calls() -> None:
    """Read on in the logs of every connection that has some."""
    for connection in queries.live(Capability.PULL_CALLS):
        pull_one.enqueue(connection.id, unique_key=connection.id)


@job(max_retries=0, time_limit=300)
def pull_one(connection_id: str) -> None:
    """Pull one connection's calls for up to a minute."""
    try:
        services.pull(connection_id)
    except DomainError:
        return


@every(seconds=120)
@job(max_retries=0)
def pull_changes() -> None:
    """Read on in the audit trail of every connection that has one."""
    for connection in queries.live(Capability.CHANGES):
        pull_changes_of.enqueue(connection.id, unique_key=connection.id)


@job(max_retries=0, time_limit=300)
def pull_changes_of(connection_id: str) -> None:
    """Read one connection's changes for up to a minute."""
    try:
        services.pull_changes(connection_id)
    except DomainError:
        return


@every(seconds=900)
@job(max_retries=0)
def roll_out() -> None:
    """List the accounts of every organisation and connect those that let us in."""
    for connection in queries.organizations():
        roll_out_one.enqueue(connection.id, unique_key=connection.id)


@job(max_retries=0, time_limit=900)
def roll_out_one(connection_id: str) -> None:
    """List and connect the accounts of one organisation."""
    try:
        services.roll_out(connection_id)
    except DomainError:
        return


@every(seconds=86_400)
@job(max_retries=0)
def forget_changes() -> None:
    """Delete changes beyond retention."""
    services.forget_changes(timezone.now())
