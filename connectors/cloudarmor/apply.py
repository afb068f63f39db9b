"""Differences between wanted and standing rules, and their writing: one change after the other, each waited for.

addRule, patchRule and removeRule know no fingerprint: a rule that somebody puts at one of our priorities makes Google
refuse, and each rule is read again right before it is changed or removed.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from connectors.base.difference import holds
from connectors.base.enforcement import Change, ChangeKind, Diff, State, VendorObject
from connectors.base.errors import ConflictError, RefusedError, VendorAnswerError
from connectors.cloudarmor.client import Project
from connectors.cloudarmor.estate import groups_url
from connectors.cloudarmor.permissions import wanted
from connectors.cloudarmor.rules import GROUP, RULE, mark_of

#: A rule is made after the groups it names, and groups go after the rules that name them.
WRITE_ORDER: Final = {
    (ChangeKind.CREATE, GROUP): 0,
    (ChangeKind.UPDATE, GROUP): 1,
    (ChangeKind.CREATE, RULE): 2,
    (ChangeKind.UPDATE, RULE): 3,
    (ChangeKind.DELETE, RULE): 4,
    (ChangeKind.DELETE, GROUP): 5,
}
_RESHAPING: Final = ("action", "rateLimitOptions", "redirectOptions")


def check_unmoved(diff: Diff, state: State) -> None:
    """``ConflictError`` when an object is no longer what the difference was computed from."""
    present = {(entry.kind, entry.ref): entry for entry in state.objects}
    for change in diff.changes:
        now = present.get((change.object_kind, _entry(change).ref))
        if (now and now.document) != (change.before and change.before.document):
            raise ConflictError(
                f"The {change.object_kind.replace('_', ' ')} {change.name} changed since it was read.",
                action="It is read again and the difference is made anew.",
            )


def check_written(diff: Diff, after: State) -> None:
    """``VendorAnswerError`` when what was read back is not what was written."""
    present = {(entry.kind, entry.ref): entry for entry in after.objects}
    for change in diff.changes:
        found = present.get((change.object_kind, _entry(change).ref))
        written = (
            found is None
            if change.after is None
            else found is not None and holds(change.after.document, found.document)
        )
        if not written:
            raise VendorAnswerError(
                f"Google took the change of {change.object_kind.replace('_', ' ')} {change.name}, but shows something else.",
                unchanged="It is not known whether the block works.",
                action="The next reconciliation reads it again; look at the policy in the console if it stays so.",
            )


def write(project: Project, policy: str, change: Change) -> None:
    """Carry out one change and wait until it is done."""
    if change.object_kind == GROUP:
        _write_group(project, change)
        return
    if change.before is not None:
        _check_ours(project, policy, change.before)
    if (
        change.kind is ChangeKind.UPDATE
        and change.before
        and change.after
        and _reshaped(change.before, change.after)
    ):
        # patchRule keeps what it is not given: a rule of another shape is made anew at its priority.
        _rule_change(project, policy, "removeRule", change.before)
        _rule_change(project, policy, "addRule", change.after)
        return
    verb = {ChangeKind.CREATE: "addRule", ChangeKind.UPDATE: "patchRule", ChangeKind.DELETE: "removeRule"}
    _rule_change(project, policy, verb[change.kind], _entry(change))


def _rule_change(project: Project, policy: str, verb: str, rule: VendorObject) -> None:
    regional = "/regions/" in policy
    permission = f"compute.{'regionSecurityPolicies' if regional else 'securityPolicies'}.update"
    operation = f"compute.{'regionOperations' if regional else 'globalOperations'}.get"
    query = "" if verb == "addRule" else f"?priority={rule.document['priority']}"
    body = None if verb == "removeRule" else rule.document
    url = f"{project.compute}/{policy}/{verb}{query}"
    project.change(url, wanted(permission), body, operation)


def _check_ours(project: Project, policy: str, rule: VendorObject) -> None:
    """``RefusedError`` when the rule at our priority lost our mark or is another one by now."""
    priority = rule.document["priority"]
    standing = next(
        (entry for entry in project.policy(policy)["rules"] if entry["priority"] == priority), None
    )
    if standing is None:
        raise ConflictError(f"The rule {priority} was removed by somebody else since it was read.")
    if mark_of(standing) is None or standing.get("description") != rule.name:
        raise RefusedError(
            f"The rule {priority} is not ours any more: its description changed, so it is left alone."
        )


def _write_group(project: Project, change: Change) -> None:
    name = change.name
    asked = wanted(f"networksecurity.addressGroups.{change.kind.value}")
    base = groups_url(project)
    if change.after is None:
        operation = project.api.document("DELETE", f"{base}/{name}", asked)
    elif change.before is None:
        body = dict(change.after.document)
        url = f"{base}?addressGroupId={quote(name)}"
        operation = project.api.document("POST", url, asked, body=body)
    else:
        items = {"items": change.after.document["items"]}
        operation = project.api.document("PATCH", f"{base}/{name}?updateMask=items", asked, body=items)
    project.wait_group(operation)


def _reshaped(before: VendorObject, after: VendorObject) -> bool:
    """Whether a patch could leave something behind: other members, another action, another kind of match."""
    old, new = before.document, after.document
    if any(old.get(name) != new.get(name) for name in _RESHAPING):
        return True
    return set(old.get("match", {})) != set(new.get("match", {})) or bool(set(old) - set(new))


def _entry(change: Change) -> VendorObject:
    entry = change.after or change.before
    if entry is None:
        raise ValueError("a change has a before or an after")
    return entry
