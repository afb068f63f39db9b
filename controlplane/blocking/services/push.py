"""Push a target to what the tenant's blocks want; the same path pushes, expires, undoes and repairs drift.

Read the intents → speak to the vendor → store what was read back. No transaction is open while the vendor answers;
one push per target runs at a time (``locking``). A worker that dies in between leaves rows as they were: the next
push reads the vendor again and finds what was done.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import structlog

from connectors.base.errors import ConnectorError
from controlplane.blocking.services.asking import utc_now
from controlplane.blocking.services.converging import Converged, Place, converge
from controlplane.blocking.services.images import remember
from controlplane.blocking.services.locking import one_push
from controlplane.blocking.services.planning import Plan, plan
from controlplane.blocking.services.settling import store, store_failure
from controlplane.blocking.services.targeting import OpenTarget, open_target
from controlplane.blocking.types import TargetRef

log = structlog.get_logger(__name__)

_OFF = "The connection is switched off, so nothing new is pushed to it. Switch it on."


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push: ``busy`` when another one was running, ``error`` when the vendor did not take it."""

    busy: bool = False
    error: ConnectorError | None = None


def reconcile(connection_id: str, ref: str) -> Pushed:
    """Bring one target to what the tenant's blocks want. Failures are noted on the blocks, not raised."""
    target = TargetRef(connection_id, ref)
    with one_push(connection_id, ref) as lease:
        if not lease.held:
            return Pushed(busy=True)
        wanted = plan(target, utc_now())
        if not wanted.rows:
            return Pushed()
        opened = open_target(target)
        if opened.disabled:
            wanted, new = wanted.split()
            store_failure(new, _OFF, utc_now())
            if not wanted.leaving:
                return Pushed()
        try:
            done = _speak(opened, wanted)
        except ConnectorError as error:
            if not lease.lost():
                lost = wanted.rows if opened.gone else wanted.leaving if opened.disabled else ()
                store_failure(wanted, error.sentence(), utc_now(), lost)
            return Pushed(error=error)
        except Exception as error:
            if not lease.lost():
                sentence = (
                    f"An error of our own stopped the push ({type(error).__name__}). It is tried again."
                )
                store_failure(wanted, sentence, utc_now())
            raise
        if lease.lost():
            return Pushed(busy=True)
        if done.foreign_changed:
            log.error("foreign objects changed during a push", connection=connection_id, target=ref)
        store(target, wanted, done, utc_now())
    return Pushed(error=next(iter(done.failures.values()), None))


def _speak(opened: OpenTarget, wanted: Plan) -> Converged:
    if opened.enforcer is None or opened.target is None:
        raise ConnectorError(opened.error)
    place = Place(opened.enforcer, opened.target, partial(remember, opened.ref))
    return converge(place, wanted.standing, wanted.fresh)
