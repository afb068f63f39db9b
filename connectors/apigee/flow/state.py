"""What stands of our shared flow in one environment: hooks, deployment, map and pages, and a digest of the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import orjson

from connectors.apigee.bundle import Bundle, opened, said
from connectors.apigee.client import Organization
from connectors.apigee.flow import package, pages
from connectors.apigee.flow.limits import PAGES
from connectors.apigee.permissions import wanted
from connectors.apigee.policies import goes_on, is_enabled
from connectors.apigee.reading import HOOKS, addresses_of, read_deployments, read_environment
from connectors.base.enforcement import State, Target, VendorObject
from connectors.base.errors import VendorAnswerError

KIND: Final = "environment_flow"
HOOK: Final = "flow_hook"
FLOW: Final = "shared_flow"
MAP: Final = "rule_map"
PAGE: Final = "rule_page"
#: The state of a deployment that every runtime has loaded.
READY: Final = "READY"
#: The hook before the proxy, and the one after its own policies, when its app is known.
FIRST, LATE = HOOKS


@dataclass(frozen=True, slots=True)
class Standing:
    """What was read of an environment. ``entries`` None: there is no map of our name."""

    hooks: Mapping[str, Mapping[str, Any]]
    calling: Mapping[str, bool]  # hooks with a shared flow of the customer's: whether it calls ours
    flow: Bundle | None
    ready: bool  # whether every runtime has loaded it
    entries: Mapping[str, str] | None
    shared: Sequence[tuple[str, str]]  # deployed shared flows with their revisions

    def is_lent(self) -> bool:
        """Whether a shared flow of the customer's calls ours, or may before long: then it is not ours to take away."""
        return FIRST in self.calling or any(self.calling.values())


def place_of(organization: Organization, environment: str) -> str:
    """The address of an environment."""
    return f"{organization.url}{path_of(environment)}"


def path_of(environment: str) -> str:
    """The path of an environment below its organization."""
    return f"/environments/{quote(environment, safe='')}"


def read_flow(organization: Organization, target: Target) -> State:
    """The state now. Any failed read is raised: blocks are never computed from a half-known environment."""
    environment = read_environment(organization, target.name)
    found = _read(organization, target.name)
    return State(
        target,
        tuple(_objects(found)),
        (
            VendorObject(
                "environment", target.ref, target.name, _outline(environment, found, target.name), ours=False
            ),
        ),
        _digest(found),
    )


def _read(organization: Organization, environment: str) -> Standing:
    deployed = [
        (str(entry["apiProxy"]), str(entry["revision"]))
        for entry in read_deployments(organization, "true")
        if entry["environment"] == environment
    ]
    revisions = dict(deployed)
    hooks = {
        hook: organization.read(f"{path_of(environment)}/flowhooks/{hook}", "apigee.flowhooks.getSharedFlow")
        for hook in HOOKS
    }
    calling = {
        hook: found.get("continueOnError", True) is False
        and name in revisions
        and _calls(_bundle(organization, name, revisions[name]))
        for hook, found in hooks.items()
        if (name := str(found.get("sharedFlow") or "")) and name != package.NAME
    }
    ours = revisions.get(package.NAME)
    flow = _bundle(organization, package.NAME, ours) if ours else None
    ready = ours is not None and _is_ready(organization, environment, ours)
    return Standing(hooks, calling, flow, ready, _entries(organization, environment), sorted(deployed))


def _bundle(organization: Organization, name: str, revision: str) -> Bundle:
    content = organization.bundle("sharedflows", name, revision)
    return opened(content, f"sharedflows/{name} revision {revision}", scripts=True)


def _is_ready(organization: Organization, environment: str, revision: str) -> bool:
    path = f"{path_of(environment)}/sharedflows/{package.NAME}/revisions/{revision}/deployments"
    return organization.read(path, "apigee.deployments.get").get("state") == READY


def _calls(bundle: Bundle) -> bool:
    """Whether a shared flow calls ours for every request, and does not pass over a refusal of ours."""
    steps = [
        said(step, "Name")
        for flow in bundle.sharedflows.values()
        for step in flow.findall("Step")
        if not said(step, "Condition")
    ]
    return any(
        policy.tag == "FlowCallout"
        and name in steps
        and said(policy, "SharedFlowBundle") == package.NAME
        and is_enabled(policy)
        and not goes_on(policy)
        for name, policy in bundle.policies.items()
    )


def _entries(organization: Organization, environment: str) -> dict[str, str] | None:
    asked = wanted("apigee.keyvaluemapentries.list")
    url = f"{place_of(organization, environment)}/keyvaluemaps/{package.NAME}/entries"
    if organization.api.exchange("GET", f"{url}?pageSize=1", asked, allow=(404,)).status == 404:
        return None
    found = organization.entries(
        f"{path_of(environment)}/keyvaluemaps/{package.NAME}/entries",
        "keyValueEntries",
        asked.permission,
        pageSize="100",
    )
    if not all(isinstance(entry.get("name"), str) for entry in found):
        raise VendorAnswerError("Google's answer has an entry of a key value map without a name.")
    return {str(entry["name"]): str(entry.get("value", "")) for entry in found}


def _objects(found: Standing) -> list[VendorObject]:
    """Ours, each by its mark; what a customer's flow calls is not ours to take away."""
    made = [
        VendorObject(HOOK, name, name, hook_document(hook))
        for name, hook in found.hooks.items()
        if hook.get("sharedFlow") == package.NAME
    ]
    if found.flow is not None and package.is_ours(found.flow) and not found.is_lent():
        made.append(VendorObject(FLOW, package.NAME, package.NAME, flow_document(_content(found))))
    own = _own_pages(found)
    made += [VendorObject(PAGE, pages.entry_of(n), pages.entry_of(n), page) for n, page in own.items()]
    if found.entries is not None and len(own) == len(found.entries):
        made.append(VendorObject(MAP, package.NAME, package.NAME, map_document()))
    return made


def hook_document(hook: Mapping[str, Any]) -> dict[str, Any]:
    """A hook as we attach it: what we do not set is as Google has it by default."""
    return {
        "sharedFlow": hook.get("sharedFlow", ""),
        "continueOnError": hook.get("continueOnError", True),
        "description": hook.get("description", ""),
    }


def flow_document(digest: str) -> dict[str, Any]:
    """The deployment of our shared flow, whichever revision it is; no content while a runtime has not loaded it."""
    return {"name": package.NAME, "content": digest}


def map_document() -> dict[str, Any]:
    """Our key value map: Apigee encrypts all of them."""
    return {"name": package.NAME, "encrypted": True}


def _own_pages(found: Standing) -> dict[int, dict[str, Any]]:
    numbers = {pages.entry_of(number): number for number in range(1, PAGES + 1)}
    read = {name: pages.read(value) for name, value in (found.entries or {}).items() if name in numbers}
    return {numbers[name]: page for name, page in read.items() if page is not None}


def _foreign_pages(found: Standing) -> dict[str, list[str]]:
    """Entries that are called like pages and are none of ours, or no longer, with the blocks the shared flow reads there."""
    own = {pages.entry_of(number) for number in _own_pages(found)}
    names = {pages.entry_of(number) for number in range(1, PAGES + 1)} - own
    return {name: pages.blocks_of(value) for name, value in (found.entries or {}).items() if name in names}


def _content(found: Standing) -> str:
    """The digest of our shared flow where every runtime has loaded it, else ""."""
    good = found.flow is not None and package.is_ours(found.flow) and found.ready
    return package.digest_of(found.flow) if found.flow and good else ""


def _outline(environment: Mapping[str, Any], found: Standing, name: str) -> dict[str, Any]:
    return {
        "type": environment.get("type", ""),
        "forgeable_addresses": addresses_of(environment, name).forgeable,
        "occupied": {
            hook: str(found.hooks[hook].get("sharedFlow"))
            for hook, calls in found.calling.items()
            if not calls
        },
        "taken": sorted(found.calling),
        "lent": found.is_lent(),
        "called": sorted(hook for hook, calls in found.calling.items() if calls),
        "foreign_flow": found.flow is not None and not package.is_ours(found.flow),
        "foreign_pages": _foreign_pages(found),
        "shared_map": len(found.entries or ()) > len(_own_pages(found)),
        "content": _content(found),
    }


def _digest(found: Standing) -> str:
    """Everything of the same kinds that is not ours: hooks, deployed shared flows, entries in the map of our name."""
    own = {pages.entry_of(number) for number in _own_pages(found)}
    hooks = {
        name: hook
        for name, hook in found.hooks.items()
        if hook.get("sharedFlow") not in (None, "", package.NAME)
    }
    ours = found.flow is None or package.is_ours(found.flow)
    shared = [entry for entry in found.shared if not (ours and entry[0] == package.NAME)]
    rest = [hooks, shared, {name: value for name, value in (found.entries or {}).items() if name not in own}]
    return hashlib.sha256(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)).hexdigest()
