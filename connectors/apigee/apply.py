"""Security actions are written one after the other, checked before and after.

Apigee has no lock for them: each action is read again right before it is changed or removed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from connectors.apigee.actions import ACTION, PACK, bare, is_ours
from connectors.apigee.client import Organization
from connectors.apigee.permissions import wanted
from connectors.base.enforcement import Change, ChangeKind, Diff, State
from connectors.base.errors import ConflictError, RefusedError, VendorAnswerError

#: Ended blocks make room first; a pack goes after the one that its networks have moved to.
WRITE_ORDER: Final = {
    (ChangeKind.DELETE, ACTION): 0,
    (ChangeKind.CREATE, ACTION): 1,
    (ChangeKind.CREATE, PACK): 1,
    (ChangeKind.UPDATE, ACTION): 2,
    (ChangeKind.UPDATE, PACK): 2,
    (ChangeKind.DELETE, PACK): 3,
}
AGAIN: Final = "It is read again and the difference is made anew."


def check_unmoved(diff: Diff, state: State) -> None:
    """``ConflictError`` when an object is no longer what the difference was computed from."""
    present = {(entry.kind, entry.ref): dict(entry.document) for entry in state.objects}
    for change in diff.changes:
        expected = None if change.before is None else dict(change.before.document)
        if present.get((change.object_kind, change.name)) != expected:
            raise ConflictError(f"The {said(change)} changed since it was read.", action=AGAIN)


def check_written(diff: Diff, after: State, same: Callable[[Any, Any], bool]) -> None:
    """``VendorAnswerError`` when what was read back is not what was written."""
    present = {(entry.kind, entry.ref): entry.document for entry in after.objects}
    for change in diff.changes:
        found = present.get((change.object_kind, change.name))
        asked = None if change.after is None else change.after.document
        if not same(asked, found):
            raise VendorAnswerError(
                f"Google took the change of the {said(change)}, but shows something else.",
                unchanged="It is not known whether the block works.",
                action="The next reconciliation reads it again; look at it in the console if it stays so.",
            )


def said(change: Change) -> str:
    """What a change changes, in words."""
    return f"{change.object_kind.replace('_', ' ')} {change.name}"


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
        raise ConflictError(f"The security action {change.name} was removed by somebody else.", action=AGAIN)
    standing: Any = orjson.loads(answer.content)
    if not isinstance(standing, dict) or not is_ours(standing):
        raise RefusedError(
            f"The security action {change.name} is not ours any more: its description changed, so it is left alone."
        )
    if change.before is not None and bare(standing) != dict(change.before.document):
        raise ConflictError(f"The security action {change.name} changed since it was read.", action=AGAIN)
