"""The only writers of blocks: preview, life cycle, push and protected networks."""

from controlplane.blocking.services.lifecycle import approve, create, expire_due, extend, promote, undo
from controlplane.blocking.services.previewing import preview
from controlplane.blocking.services.protection import protect, unprotect
from controlplane.blocking.services.push import reconcile

__all__ = [
    "approve",
    "create",
    "expire_due",
    "extend",
    "preview",
    "promote",
    "protect",
    "reconcile",
    "undo",
    "unprotect",
]
