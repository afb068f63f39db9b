"""Differences between wanted and standing security actions, and their writing, one after the other.

Apigee has no lock for them: each action is read again right before it is changed or removed.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from connectors.apigee.actions import bare, is_ours
from connectors.apigee.client import Organization
from connectors.apigee.compile import PACK
from connectors.apigee.permissions import wanted
from connectors.base.difference import holds
from connectors.base.enforcement import Change, ChangeKind, Diff, Program, State, VendorObject
from connectors.base.errors import ConflictError, RefusedError, VendorAnswerError

_AGAIN: Final = "It is read again and the difference is made anew."


def difference(program: Program, state: State) -> Diff:
    """The ordered writes: ended blocks make room, then creations and changes, then packs whose networks have moved."""
    asked = {entry.ref: entry for entry in program.objects}
    present = {entry.ref: entry for entry in state.objects}
    changes = []
    for ref in sorted(asked.keys() | present.keys()):
        after, before = asked.get(ref), present.get(ref)
        if after is not None and before is not None and _equal(after, before):
            continue
        kind = ChangeKind.DELETE if after is None else ChangeKind.UPDATE if before else ChangeKind.CREATE
        entry = after or present[ref]
        changes.append(Change(kind, entry.kind, entry.name, before, after))
    changes.sort(key=lambda change: (_place(change), change.name))
    return Diff(program.target, tuple(changes))


def check_unmoved(diff: Diff, state: State) -> None:
    """``ConflictError`` when an action is no longer what the difference was computed from."""
    present = {entry.ref: dict(entry.document) for entry in state.objects}
    for change in diff.changes:
        expected = None if change.before is None else dict(change.before.document)
        if present.get(change.name) != expected:
            raise ConflictError(
                f"The security action {change.name} changed since it was read.", action=_AGAIN
            )


def check_written(diff: Diff, after: State) -> None:
    """``VendorAnswerError`` when what was read back is not what was written."""
    present = {entry.ref: entry for entry in after.objects}
    for change in diff.changes:
        found = present.get(change.name)
        written = found is None if change.after is None else found is not None and _equal(change.after, found)
        if not written:
            raise VendorAnswerError(
                f"Google took the change of the security action {change.name}, but shows something else.",
                unchanged="It is not known whether the block works.",
                action="The next reconciliation reads it again; look at the security actions in the console if it stays so.",
            )


def write(organization: Organization, environment: str, change: Change) -> None:
    """Carry out one change."""
    place = f"{organization.url}/environments/{quote(environment, safe='')}/securityActions"
    if change.before is None and change.after is not None:
        url = f"{place}?{urlencode({'securityActionId': change.name})}"
        body = dict(change.after.document)
        organization.api.document("POST", url, wanted("apigee.securityActions.create"), body=body)
        return
    url = f"{place}/{quote(change.name, safe='')}"
    _check_ours(organization, url, change)
    if change.after is None:
        organization.api.document("DELETE", url, wanted("apigee.securityActions.delete"))
        return
    before: dict[str, Any] = dict(change.before.document) if change.before else {}
    after = dict(change.after.document)
    mask = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    body = {name: after[name] for name in mask if name in after}
    url += f"?{urlencode({'updateMask': ','.join(mask)})}"
    organization.api.document("PATCH", url, wanted("apigee.securityActions.update"), body=body)


def _check_ours(organization: Organization, url: str, change: Change) -> None:
    """``RefusedError`` when the action lost our mark, ``ConflictError`` when it is not what was read or is gone."""
    answer = organization.api.exchange("GET", url, wanted("apigee.securityActions.get"), allow=(404,))
    if answer.status == 404:
        raise ConflictError(f"The security action {change.name} was removed by somebody else.", action=_AGAIN)
    standing: Any = orjson.loads(answer.content)
    if not isinstance(standing, dict) or not is_ours(standing):
        raise RefusedError(
            f"The security action {change.name} is not ours any more: its description changed, so it is left alone."
        )
    if change.before is not None and bare(standing) != dict(change.before.document):
        raise ConflictError(f"The security action {change.name} changed since it was read.", action=_AGAIN)


def _place(change: Change) -> int:
    if change.kind is ChangeKind.DELETE:
        moved = change.before is not None and change.before.document.get("description") == PACK
        return 3 if moved else 0
    return 1 if change.kind is ChangeKind.CREATE else 2


def _equal(one: VendorObject, other: VendorObject) -> bool:
    """Whether both say the same, whatever the order of their lists; a member only one of them has is a difference."""
    return holds(one.document, other.document) and holds(other.document, one.document)
