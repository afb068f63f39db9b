"""Reads of the audit trail, and its verification."""

from dataclasses import dataclass

from django.db.models import QuerySet

from tenants.audit.models import Entry
from tenants.audit.services import GENESIS, entry_hash


@dataclass(frozen=True, slots=True)
class Verification:
    """How many entries were checked, and the first fault (sequence and what is wrong), if any."""

    checked: int
    sequence: int | None = None
    fault: str = ""


def entries(*, actor: str = "", target: str = "", action: str = "") -> "QuerySet[Entry]":
    """Return entries (order them by `-sequence`), those of one actor id, target and action when given."""
    wanted = {"actor_id": actor, "target": target, "action": action}
    return Entry.objects.filter(**{name: value for name, value in wanted.items() if value})


def verify() -> Verification:
    """Recompute the whole chain of the entered tenant."""
    previous, expected = GENESIS, 1
    for entry in Entry.objects.order_by("sequence").iterator(chunk_size=2000):
        if entry.sequence != expected:
            return Verification(expected - 1, expected, "An entry is missing.")
        if entry.previous_hash != previous:
            return Verification(expected - 1, expected, "The entry does not follow the one before it.")
        if entry.hash != entry_hash(entry):
            return Verification(expected - 1, expected, "The entry was changed.")
        previous, expected = entry.hash, expected + 1
    return Verification(expected - 1)
