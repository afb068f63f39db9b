"""Differences between wanted and present objects, and their writing: rule by rule, never a whole entry point.

Cloudflare has no lock: before each push the state is read anew and compared with what the difference was made from.
A ``PUT`` of an entry point would replace the customer's rules and is never sent; a missing one is made by ``POST``,
which Cloudflare refuses when somebody else made it meanwhile.
"""

from __future__ import annotations

from typing import Final

from connectors.base.difference import holds
from connectors.base.enforcement import ChangeKind, Diff, State, VendorObject
from connectors.base.errors import ConflictError, VendorAnswerError
from connectors.cloudflare.estate import LIST, RULE

# A list is filled before a rule refers to it, and goes after the rule: Cloudflare keeps a list that is in use.
WRITE_ORDER: Final = {
    (ChangeKind.CREATE, LIST): 0,
    (ChangeKind.UPDATE, LIST): 1,
    (ChangeKind.CREATE, RULE): 2,
    (ChangeKind.UPDATE, RULE): 3,
    (ChangeKind.DELETE, RULE): 4,
    (ChangeKind.DELETE, LIST): 5,
}


def check_unmoved(diff: Diff, state: State) -> None:
    """``ConflictError`` when an object is no longer what the difference was computed from."""
    present = _by_name(state)
    for change in diff.changes:
        now = present.get((change.object_kind, change.name))
        before = change.before
        if (now and now.document) != (before and before.document):
            raise ConflictError(
                f"The {change.object_kind} {change.name} changed at Cloudflare since it was read.",
                action="Read the state again and push anew.",
            )


def check_written(diff: Diff, state: State) -> None:
    """``VendorAnswerError`` when what was read back is not what was written."""
    present = _by_name(state)
    for change in diff.changes:
        found = present.get((change.object_kind, change.name))
        gone = change.after is None and found is None
        there = (
            change.after is not None and found is not None and holds(change.after.document, found.document)
        )
        if not gone and not there:
            raise VendorAnswerError(
                f"Cloudflare accepted the {change.object_kind} {change.name} but shows something else when read back.",
                unchanged="The change was sent and may be in force.",
                action="The next reconciliation reads it again; look at the zone's rules if it stays so.",
            )


def _by_name(state: State) -> dict[tuple[str, str], VendorObject]:
    return {(entry.kind, entry.name): entry for entry in state.objects}
