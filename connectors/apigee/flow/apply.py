"""One write of the shared flow's parts: map and pages, then the deployment, the hook last; undo the other way round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from connectors.apigee.apply import AGAIN, said
from connectors.apigee.client import Organization
from connectors.apigee.flow import package, pages
from connectors.apigee.flow.deploy import Deployer
from connectors.apigee.flow.state import FLOW, HOOK, MAP, PAGE, place_of, read_flow
from connectors.apigee.permissions import wanted
from connectors.base.enforcement import Change, ChangeKind, State, Target, VendorObject
from connectors.base.errors import ConflictError

#: A hook never runs what is not deployed, and what is deployed finds its rules.
FLOW_ORDER: Final = {
    (ChangeKind.CREATE, MAP): 0,
    (ChangeKind.CREATE, PAGE): 1,
    (ChangeKind.UPDATE, PAGE): 2,
    (ChangeKind.CREATE, FLOW): 3,
    (ChangeKind.UPDATE, FLOW): 3,
    (ChangeKind.CREATE, HOOK): 4,
    (ChangeKind.UPDATE, HOOK): 4,
    (ChangeKind.DELETE, HOOK): 5,
    (ChangeKind.DELETE, FLOW): 6,
    (ChangeKind.DELETE, PAGE): 7,
    (ChangeKind.DELETE, MAP): 8,
}

#: Seconds a runtime is given to drop a hook that was detached: one that still has it and not its flow answers with errors.
_DETACHED: Final = 10.0


def write_flow(
    organization: Organization, target: Target, change: Change, sleep: Callable[[float], None]
) -> None:
    """Carry out one change, when what it changes is still as it was read.

    Apigee has no lock for any of these: all is read again right before. ``ConflictError`` when somebody was quicker.
    """
    _check(change, read_flow(organization, target))
    if change.object_kind == FLOW:
        deployer = Deployer(organization, target.name, sleep)
        if change.after is None:
            sleep(_DETACHED)
            deployer.remove()
        else:
            deployer.deploy()
        return
    place = place_of(organization, target.name)
    if change.object_kind == HOOK:
        _write_hook(organization, f"{place}/flowhooks/{change.name}", change.after)
    elif change.object_kind == MAP:
        _write_map(organization, f"{place}/keyvaluemaps", change.after)
    else:
        _write_page(organization, f"{place}/keyvaluemaps/{package.NAME}/entries", change)


def _check(change: Change, state: State) -> None:
    standing = {(entry.kind, entry.ref): dict(entry.document) for entry in state.objects}
    expected = None if change.before is None else dict(change.before.document)
    environment = state.foreign[0].document
    taken = change.object_kind == FLOW and environment["lent"]
    if change.object_kind == HOOK:
        # A hook of what no runtime has loaded would fail every request.
        taken = change.name in environment["taken"] or (
            change.after is not None and not environment["content"]
        )
    if taken or standing.get((change.object_kind, change.name)) != expected:
        raise ConflictError(
            f"The {said(change)} of {state.target.name} changed since it was read.", action=AGAIN
        )


def _write_hook(organization: Organization, url: str, after: VendorObject | None) -> None:
    if after is None:
        organization.api.exchange("DELETE", url, wanted("apigee.flowhooks.detachSharedFlow"))
        return
    body = dict(after.document)
    organization.api.document("PUT", url, wanted("apigee.flowhooks.attachSharedFlow"), body=body)


def _write_map(organization: Organization, url: str, after: VendorObject | None) -> None:
    if after is None:
        organization.api.exchange("DELETE", f"{url}/{package.NAME}", wanted("apigee.keyvaluemaps.delete"))
        return
    organization.api.document("POST", url, wanted("apigee.keyvaluemaps.create"), body=dict(after.document))


def _write_page(organization: Organization, url: str, change: Change) -> None:
    if change.after is None:
        organization.api.exchange(
            "DELETE", f"{url}/{change.name}", wanted("apigee.keyvaluemapentries.delete")
        )
        return
    body = {"name": change.name, "value": pages.written(change.after.document)}
    if change.before is None:
        organization.api.document("POST", url, wanted("apigee.keyvaluemapentries.create"), body=body)
    else:
        organization.api.document(
            "PUT", f"{url}/{change.name}", wanted("apigee.keyvaluemapentries.update"), body=body
        )
