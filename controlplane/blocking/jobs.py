"""Jobs of blocking: push, expire, watch and repair. Each may run twice."""

from __future__ import annotations

from typing import Final

from connectors.base.errors import ConflictError, TransientError
from controlplane.blocking import queries, services
from controlplane.blocking.services.asking import utc_now
from tenants.jobs.events import subscribe
from tenants.jobs.services import every, job
from tenants.orgs.services import before_deletion

#: Seconds until a push is tried again: another one was running, or the vendor did not answer.
_BUSY_SECONDS: Final = 2.0
_RETRY_SECONDS: Final = 10.0
_LONGEST_SECONDS: Final = 60.0


@job(queue="urgent", max_retries=10, time_limit=300, longest_wait=60)
def push(connection_id: str, ref: str) -> None:
    """Bring one target to what the tenant's blocks want; come back soon when that was not possible now.

    Failures that do not pass by themselves are tried again by ``repair``. An error of our own is tried again within a
    minute: until then an undo of the same target would wait behind it.
    """
    done = services.reconcile(connection_id, ref)
    key = f"{connection_id}:{ref}"
    if done.busy:
        push.enqueue(connection_id, ref, delay=_BUSY_SECONDS, unique_key=f"busy:{key}")
    elif isinstance(done.error, TransientError | ConflictError):
        asked = getattr(done.error, "retry_after", None) or _RETRY_SECONDS
        delay = min(max(asked, _RETRY_SECONDS), _LONGEST_SECONDS)
        push.enqueue(connection_id, ref, delay=delay, unique_key=f"retry:{key}")


@every(seconds=10)
@job(queue="urgent", max_retries=0)
def expire_due() -> None:
    """Remove what is over. Also catches blocks that fell due while no worker was alive."""
    services.expire_due(utc_now())


@every(seconds=60)
@job(queue="urgent", max_retries=0)
def repair() -> None:
    """Look at every target again, each in a push of its own: what failed is retried, what drifted is put back."""
    for target in services.active_targets():
        key = f"{target.connection_id}:{target.ref}"
        push.enqueue(target.connection_id, target.ref, unique_key=key)


@every(seconds=30)
@job(queue="urgent", max_retries=0, time_limit=120)
def watch() -> None:
    """Undo a block by itself when known-good callers suffer more than its preview said."""
    services.watch_effects(utc_now())


@subscribe("connection.deleted")
@job(queue="urgent", max_retries=5)
def connection_deleted(connection_id: str) -> None:
    """Tell the blocks of a deleted connection at once that nothing can be changed there any more."""
    for target in services.active_targets():
        if target.connection_id == connection_id:
            push.enqueue(connection_id, target.ref, unique_key=f"{connection_id}:{target.ref}")


@before_deletion
def take_blocks_back() -> list[str]:
    """Undo every block before the workspace goes: its credentials go with it, and nobody could undo them then."""
    services.undo_all("")
    left = queries.standing()
    return [f"{left} blocks still stand at their gateways."] if left else []
