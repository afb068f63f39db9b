"""What an organisation answers to those who read it: environments, groups, proxies, deployments, consumers."""

from collections.abc import Callable, Sequence
from typing import Any

from werkzeug.wrappers import Response

from connectors.testkit.doubles.apigee.flow_bundles import description_of
from connectors.testkit.doubles.apigee.store import Document, Environment, Store
from connectors.testkit.doubles.google.discovery import Call
from connectors.testkit.doubles.google.errors import invalid, not_found
from connectors.testkit.doubles.google.paging import page
from connectors.testkit.doubles.serving import json_response

_MOST = 1000
#: The four hooks of an environment.
HOOKS = ("PreProxyFlowHook", "PreTargetFlowHook", "PostTargetFlowHook", "PostProxyFlowHook")


def read(store: Store, call: Call) -> Response:
    """The answer to a method that only reads."""
    method = call.method.removeprefix("apigee.organizations.")
    if method.startswith("environments."):
        return _environment_member(store, method.removeprefix("environments."), call)
    found = _ANSWERS[method](store, call)
    return found if isinstance(found, Response) else json_response(found)


def environment_of(store: Store, call: Call) -> Environment:
    """The environment a call names."""
    name = call.path["environmentsId"]
    if name not in store.environments:
        raise not_found(f"organizations/{store.name}/environments/{name}")
    return store.environments[name]


def _organisation(store: Store, call: Call) -> Document:
    return {
        "name": store.name,
        "projectId": store.name,
        "runtimeType": "HYBRID" if store.hybrid else "CLOUD",
        "state": "ACTIVE",
        "environments": sorted(store.environments),
        "addonsConfig": {"apiSecurityConfig": {"enabled": True} if store.addon else {}},
    }


def _environment_member(store: Store, method: str, call: Call) -> Response:
    environment = environment_of(store, call)
    held: dict[str, Callable[[], Document]] = {
        "get": lambda: _environment(environment),
        "getAddonsConfig": lambda: {"apiSecurityConfig": {"enabled": True}} if environment.addon else {},
        "flowhooks.get": lambda: _hook(environment, call.path["flowhooksId"]),
        "targetservers.get": lambda: _named(environment.target_servers, call.path["targetserversId"]),
    }
    return json_response(held[method]())


def _environment(environment: Environment) -> Document:
    document: Document = {"name": environment.name, "state": "ACTIVE", "deploymentType": "PROXY"}
    return document | ({"clientIpResolutionConfig": environment.addresses} if environment.addresses else {})


def _hook(environment: Environment, name: str) -> Document:
    if name not in HOOKS:
        raise invalid(f"'{name}' is no flow hook.")
    return {"flowHookPoint": name, **environment.flow_hooks.get(name, {})}


def _named(held: dict[str, Any], name: str) -> Any:
    if name not in held:
        raise not_found(name)
    return held[name]


def _groups(store: Store, call: Call) -> Document:
    groups = [
        {"name": name, "hostnames": hosts, "state": "ACTIVE"} for name, hosts in sorted(store.groups.items())
    ]
    return _page(groups, "environmentGroups", call)


def _attachments(store: Store, call: Call) -> Document:
    group = call.path["envgroupsId"]
    _named(store.groups, group)
    found = [
        {"name": f"{group}-{environment}", "environment": environment, "environmentGroupId": group}
        for name, environment in store.attachments
        if name == group
    ]
    return _page(found, "environmentGroupAttachments", call)


def _ingress(store: Store, call: Call) -> Document:
    full = call.query.get("view") == "FULL"
    groups = []
    for name, hosts in sorted(store.groups.items()):
        rules = store.rules_of(name)
        if not full:
            rules = [{key: rule[key] for key in ("basepath", "environment")} for rule in rules]
        full_name = f"organizations/{store.name}/envgroups/{name}"
        groups.append({"name": full_name, "hostnames": hosts, "routingRules": rules})
    return {"name": f"organizations/{store.name}/deployedIngressConfig", "environmentGroups": groups}


def _listed(kind: str, member: str) -> Callable[[Store, Call], Document]:
    def answer(store: Store, call: Call) -> Document:
        entries = []
        for name, revisions in sorted(store.names(kind).items()):
            entry: Document = {"name": name}
            if call.query.get("includeRevisions"):
                entry |= {"revision": sorted(revisions), "latestRevisionId": max(revisions, key=int)}
            entries.append(entry)
        return {member: entries} if entries else {}

    return answer


def _revision(kind: str, parameter: str) -> Callable[[Store, Call], Any]:
    def answer(store: Store, call: Call) -> Any:
        name, revision = call.path[parameter], call.path["revisionsId"]
        bundle = _named(store.bundles, (kind, name, revision))  # type: ignore[arg-type]
        if call.query.get("format") == "bundle":
            return Response(bundle, content_type="application/zip")
        if kind == "sharedflows":
            return {"name": name, "revision": revision, "description": description_of(bundle, name)}
        return {"name": name, "revision": revision, "basepaths": store.bases.get((name, revision), [])}

    return answer


def _deployments(store: Store, call: Call) -> Document:
    held = store.shared_deployments if call.query.get("sharedFlows") else store.deployments
    return {"deployments": held} if held else {}


def _products(store: Store, call: Call) -> Document:
    found = _from_key(sorted(store.products), call, "count")
    expanded = bool(call.query.get("expand"))
    return {"apiProduct": [store.products[name] if expanded else {"name": name} for name in found]}


def _developers(store: Store, call: Call) -> Document:
    if call.query.get("expand") and ("count" in call.query or "startKey" in call.query):
        raise invalid("expand cannot be used with count or startKey.")
    if "startKey" in call.query and "count" not in call.query:
        raise invalid("startKey must be used with count.")
    found = _from_key(sorted(store.developers), call, "count")
    expanded = bool(call.query.get("expand"))
    return {"developer": [store.developers[name] if expanded else {"email": name} for name in found]}


def _apps(store: Store, call: Call) -> Document:
    if not call.query.get("expand"):
        return _page([{"appId": name} for name in sorted(store.apps)], "app", call)
    hidden = call.query.get("includeCred") is False
    apps = [
        {key: value for key, value in store.apps[name].items() if not (hidden and key == "credentials")}
        for name in sorted(store.apps)
    ]
    return _page(apps, "app", call)


def _from_key(names: Sequence[str], call: Call, member: str) -> Sequence[str]:
    """The names from ``startKey`` on, which is told again."""
    count = int(call.query.get(member, _MOST))
    if not 1 <= count <= _MOST:
        raise invalid(f"{member} must be between 1 and {_MOST}.")
    return [name for name in names if name >= call.query.get("startKey", "")][:count]


def _page(entries: Sequence[Document], member: str, call: Call) -> Document:
    size = min(call.query.get("pageSize", 0) or _MOST, _MOST)
    question = [call.method, dict(call.path), {k: v for k, v in call.query.items() if k != "pageToken"}]
    items, following = page(entries, size, call.query.get("pageToken", ""), question)
    return ({member: list(items)} if items else {}) | ({"nextPageToken": following} if following else {})


_ANSWERS: dict[str, Callable[[Store, Call], Any]] = {
    "get": _organisation,
    "getDeployedIngressConfig": _ingress,
    "envgroups.list": _groups,
    "envgroups.attachments.list": _attachments,
    "apis.list": _listed("apis", "proxies"),
    "apis.revisions.get": _revision("apis", "apisId"),
    "sharedflows.list": _listed("sharedflows", "sharedFlows"),
    "sharedflows.revisions.get": _revision("sharedflows", "sharedflowsId"),
    "deployments.list": _deployments,
    "apiproducts.list": _products,
    "developers.list": _developers,
    "apps.list": _apps,
}
