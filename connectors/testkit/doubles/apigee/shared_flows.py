"""Shared flows as they are imported, deployed, attached to hooks and taken away again.

A deployment is PROGRESSING for the first look and READY from the second, unless a test orders ERROR. What Google does not
document is refused: a shared flow that is not deployed cannot be attached, and one that is attached cannot be undeployed.
Source: apigee v1 discovery document; "Attaching a shared flow using a flow hook" (one shared flow to a hook).
"""

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request

from connectors.testkit.doubles.apigee.flow_bundles import check_bundle
from connectors.testkit.doubles.apigee.reading import HOOKS, environment_of
from connectors.testkit.doubles.apigee.store import Document, Store
from connectors.testkit.doubles.google.discovery import Call
from connectors.testkit.doubles.google.errors import GoogleError, invalid, not_found

_FLOWS = "apigee.organizations.sharedflows."
_PLACE = "apigee.organizations.environments."
_MOST_BYTES = 15 * 1024 * 1024


def answer(store: Store, call: Call, request: Request) -> Any:
    """The answer to a method that changes shared flows, their deployments or hooks, or looks at a deployment."""
    return METHODS[call.method](store, call, request)


def _import(store: Store, call: Call, request: Request) -> Document:
    name = call.query.get("name", "")
    if call.query.get("action") != "import" or not name:
        raise invalid("action must be import or validate, and name must be given.")
    files = list(request.files.values())
    if request.mimetype != "multipart/form-data" or len(files) != 1:
        raise invalid("The bundle must be the one file of a form.")
    with files[0].stream as stream:
        content = stream.read()
    if len(content) > _MOST_BYTES:
        raise invalid("The bundle is larger than 15 MB.")
    check_bundle(content, name)
    revision = str(max((int(number) for number in store.names("sharedflows").get(name, ())), default=0) + 1)
    store.shared_flow(name, revision, content)
    return {"name": name, "revision": revision}


def _get(store: Store, call: Call, _: Request) -> Document:
    name = call.path["sharedflowsId"]
    revisions = store.names("sharedflows").get(name)
    if revisions is None:
        raise not_found(f"sharedflows/{name}")
    return {"name": name, "revision": revisions, "latestRevisionId": max(revisions, key=int)}


def _delete(store: Store, call: Call, request: Request) -> Document:
    found = _get(store, call, request)
    if any(entry["apiProxy"] == found["name"] for entry in store.shared_deployments):
        raise _precondition(f"The shared flow {found['name']} is deployed.")
    for revision in found["revision"]:
        del store.bundles["sharedflows", found["name"], revision]
    return {"name": found["name"]}


def _deploy(store: Store, call: Call, _: Request) -> Document:
    environment, name, revision = _named(store, call)
    if ("sharedflows", name, revision) not in store.bundles:
        raise not_found(f"sharedflows/{name}/revisions/{revision}")
    others = [
        entry
        for entry in store.shared_deployments
        if (entry["environment"], entry["apiProxy"]) == (environment, name) and entry["revision"] != revision
    ]
    if others and not call.query.get("override"):
        raise _precondition(f"Another revision of {name} is deployed in {environment}.")
    store.deploy(environment, name, revision, shared=True)
    store.looks[environment, name] = 0
    return _deployment(environment, name, revision)


def _undeploy(store: Store, call: Call, _: Request) -> Document:
    environment, name, revision = _named(store, call)
    entry = _standing(store, environment, name, revision)
    if any(h.get("sharedFlow") == name for h in store.environments[environment].flow_hooks.values()):
        raise _precondition(f"The shared flow {name} is attached to a flow hook of {environment}.")
    store.shared_deployments.remove(entry)
    return {}


def _look(store: Store, call: Call, _: Request) -> Document:
    environment, name, revision = _named(store, call)
    _standing(store, environment, name, revision)
    looks = store.looks.get((environment, name), 1)
    store.looks[environment, name] = looks + 1
    state = "PROGRESSING" if looks == 0 else store.outcome
    errors: Document = {"errors": [{"code": 13, "message": "cannot be loaded"}]} if state == "ERROR" else {}
    return {**_deployment(environment, name, revision), "state": state, **errors}


def _attach(store: Store, call: Call, _: Request) -> Document:
    environment, hook = environment_of(store, call), call.path["flowhooksId"]
    name = call.body.get("sharedFlow", "")
    if hook not in HOOKS:
        raise invalid(f"'{hook}' is no flow hook.")
    if not any(
        (entry["environment"], entry["apiProxy"]) == (environment.name, name)
        for entry in store.shared_deployments
    ):
        raise _precondition(f"The shared flow '{name}' is not deployed in {environment.name}.")
    members = ("sharedFlow", "continueOnError", "description")
    environment.flow_hooks[hook] = {member: call.body[member] for member in members if member in call.body}
    return {"flowHookPoint": hook, **environment.flow_hooks[hook]}


def _detach(store: Store, call: Call, _: Request) -> Document:
    environment, hook = environment_of(store, call), call.path["flowhooksId"]
    if hook not in HOOKS:
        raise invalid(f"'{hook}' is no flow hook.")
    return {"flowHookPoint": hook, **environment.flow_hooks.pop(hook, {})}


def _named(store: Store, call: Call) -> tuple[str, str, str]:
    return environment_of(store, call).name, call.path["sharedflowsId"], call.path["revisionsId"]


def _standing(store: Store, environment: str, name: str, revision: str) -> Document:
    for entry in store.shared_deployments:
        if (entry["environment"], entry["apiProxy"], entry["revision"]) == (environment, name, revision):
            return entry
    raise not_found(f"environments/{environment}/sharedflows/{name}/revisions/{revision}/deployments")


def _deployment(environment: str, name: str, revision: str) -> Document:
    return {"environment": environment, "apiProxy": name, "revision": revision, "deployStartTime": "1"}


def _precondition(message: str) -> GoogleError:
    return GoogleError(400, "failedPrecondition", message)


METHODS: dict[str, Callable[[Store, Call, Request], Any]] = {
    f"{_FLOWS}create": _import,
    f"{_FLOWS}get": _get,
    f"{_FLOWS}delete": _delete,
    f"{_PLACE}sharedflows.revisions.deploy": _deploy,
    f"{_PLACE}sharedflows.revisions.undeploy": _undeploy,
    f"{_PLACE}sharedflows.revisions.getDeployments": _look,
    f"{_PLACE}flowhooks.attachSharedFlowToFlowHook": _attach,
    f"{_PLACE}flowhooks.detachSharedFlowFromFlowHook": _detach,
}
