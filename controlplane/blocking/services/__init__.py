"""The only writers of blocks: preview, life cycle, push and protected networks."""

from controlplane.blocking.services.approving import approve, fingerprint
from controlplane.blocking.services.ending import expire_due, undo, undo_all
from controlplane.blocking.services.lifecycle import create, extend, promote
from controlplane.blocking.services.people import person
from controlplane.blocking.services.planning import active_targets
from controlplane.blocking.services.previewing import preview
from controlplane.blocking.services.protection import protect, unprotect
from controlplane.blocking.services.push import Pushed, reconcile
from controlplane.blocking.services.watching import watch_effects

__all__ = [
    "Pushed",
    "active_targets",
    "approve",
    "create",
    "expire_due",
    "extend",
    "fingerprint",
    "person",
    "preview",
    "promote",
    "protect",
    "reconcile",
    "undo",
    "undo_all",
    "unprotect",
    "watch_effects",
]
