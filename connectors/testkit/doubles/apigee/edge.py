"""The management API of Apigee Edge over the same estate: read by a user with a password or by an access token.

Every path that is not served, every query that is not known and everything but GET is refused. Source: Apigee Edge
management API reference.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.apigee.reading import HOOKS
from connectors.testkit.doubles.apigee.store import Document, Environment, Store
from connectors.testkit.doubles.faults import FaultBook
from connectors.testkit.doubles.serving import json_response

USER, PASSWORD, TOKEN = "reader@acme.example", "edge-password", "edge-token"
_QUERIES = {"format", "expand", "count", "startKey"}
_MOST = 1000
_VIRTUAL_HOSTS = {"default": "80", "secure": "443"}


class EdgeError(Exception):
    """An error as Edge answers it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass
class EdgeApi:
    """Everything behind the API port of Edge; ``ready`` once the estate is in place."""

    store: Store
    faults: FaultBook = field(default_factory=FaultBook)
    ready: bool = False

    def answer(self, request: Request) -> Response:
        """Answer one request of a client or of a test."""
        if (knob := self.faults.knob(request, self.ready)) is not None:
            return knob
        fault = self.faults.take("*", f"{request.method} {request.path}")
        if fault is not None:
            return fault.response()
        try:
            _check_caller(request)
            with self.store.lock:
                found = self._read(request)
        except EdgeError as error:
            body = {"code": error.code, "message": str(error), "contexts": []}
            return json_response(body, error.status)
        return found if isinstance(found, Response) else json_response(found)

    def _read(self, request: Request) -> Any:
        if request.method != "GET":
            raise EdgeError(405, "messaging.adaptors.http.MethodNotAllowed", "Only reading is served.")
        unknown = set(request.args) - _QUERIES
        if unknown:
            raise EdgeError(400, "messaging.config.beans.InvalidQuery", f"Unknown: {sorted(unknown)}")
        root = f"/v1/organizations/{self.store.name}"
        if request.path != root and not request.path.startswith(f"{root}/"):
            raise EdgeError(
                404, "messaging.config.beans.OrganizationNotFound", "There is no such organization."
            )
        rest = request.path[len(root) :]
        for pattern, serve in _PATHS:
            found = re.fullmatch(pattern, rest)
            if found:
                return serve(self.store, request, *found.groups())
        raise EdgeError(404, "messaging.config.beans.ResourceNotFound", f"There is nothing at {rest}.")


def _check_caller(request: Request) -> None:
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    if request.headers.get("Authorization") not in (f"Basic {pair}", f"Bearer {TOKEN}"):
        raise EdgeError(401, "security.management.UserUnauthorized", "Unauthorized")


def _organisation(store: Store, _: Request) -> Document:
    return {"name": store.name, "environments": sorted(store.environments), "properties": {}, "type": "paid"}


def _deployments(store: Store, _: Request) -> Document:
    places = []
    for name in sorted(store.environments):
        proxies: dict[str, list[Document]] = {}
        for entry in store.deployments:
            if entry["environment"] == name:
                proxies.setdefault(entry["apiProxy"], []).append(_revision(entry["revision"]))
        found = [{"name": proxy, "revision": held} for proxy, held in sorted(proxies.items())]
        places.append({"name": name, "aPIProxy": found})
    # A revision that was taken out of service stays in the list.
    places[0]["aPIProxy"].append({"name": "retired", "revision": [{"name": "1", "state": "undeployed"}]})  # type: ignore[attr-defined]
    return {"name": store.name, "environment": places}


def _revision(number: str) -> Document:
    return {
        "name": number,
        "state": "deployed",
        "configuration": {"basePath": "/", "steps": []},
        "server": [],
    }


def _shared_deployments(store: Store, _: Request, name: str) -> Document:
    _known(name, store.names("sharedflows"))
    places = [
        {"name": entry["environment"], "revision": [_revision(entry["revision"])]}
        for entry in store.shared_deployments
        if entry["apiProxy"] == name
    ]
    return {"name": name, "environment": places}


def _bundle(store: Store, request: Request, kind: str, name: str, revision: str) -> Response:
    if request.args.get("format") != "bundle":
        raise EdgeError(400, "messaging.config.beans.InvalidQuery", "format must be bundle.")
    content = store.bundles.get((kind, name, revision))
    if content is None:
        raise EdgeError(404, "messaging.config.beans.RevisionNotFound", f"{name} has no revision {revision}.")
    return Response(content, content_type="application/zip")


def _virtual_hosts(store: Store, _: Request, environment: str) -> list[str]:
    _environment(store, environment)
    return sorted(_VIRTUAL_HOSTS)


def _virtual_host(store: Store, _: Request, environment: str, name: str) -> Document:
    _environment(store, environment)
    _known(name, _VIRTUAL_HOSTS)
    groups = {group for group, attached in store.attachments if attached == environment}
    secure = name == "secure"
    aliases = [
        host if secure else f"plain.{host}" for group in sorted(groups) for host in store.groups[group]
    ]
    return {
        "name": name,
        "hostAliases": aliases,
        "port": _VIRTUAL_HOSTS[name],
        "sSLInfo": {"enabled": "true" if secure else "false"},
    }


def _hook(store: Store, _: Request, environment: str, name: str) -> Document:
    _known(name, HOOKS)
    attached = _environment(store, environment).flow_hooks.get(name, {})
    return {"flowHookPoint": name, "continueOnError": True, **attached}


def _target_server(store: Store, _: Request, environment: str, name: str) -> Document:
    servers = _environment(store, environment).target_servers
    _known(name, servers)
    document = dict(servers[name])
    # Edge writes this one truth as a text.
    document["sSLInfo"] = {**document["sSLInfo"], "enabled": str(document["sSLInfo"]["enabled"]).lower()}
    return document


def _expanded(member: str, held: Callable[[Store], dict[str, Document]]) -> Callable[[Store, Request], Any]:
    def serve(store: Store, request: Request) -> Any:
        entries = held(store)
        count, start = request.args.get("count", str(_MOST)), request.args.get("startKey", "")
        if not count.isdigit() or not 1 <= int(count) <= _MOST:
            raise EdgeError(400, "messaging.config.beans.InvalidCount", f"count is 1 to {_MOST}.")
        names = [name for name in sorted(entries) if name >= start][: int(count)]
        return {member: [entries[name] for name in names]} if request.args.get("expand") == "true" else names

    return serve


def _environment(store: Store, name: str) -> Environment:
    _known(name, store.environments)
    return store.environments[name]


def _known(name: str, held: Any) -> None:
    if name not in held:
        raise EdgeError(404, "messaging.config.beans.ResourceNotFound", f"There is no {name}.")


_PATHS: tuple[tuple[str, Callable[..., Any]], ...] = (
    (r"", _organisation),
    (r"/deployments", _deployments),
    (r"/sharedflows", lambda store, _: sorted(store.names("sharedflows"))),
    (r"/sharedflows/([^/]+)/deployments", _shared_deployments),
    (r"/(apis|sharedflows)/([^/]+)/revisions/([^/]+)", _bundle),
    (r"/environments/([^/]+)/virtualhosts", _virtual_hosts),
    (r"/environments/([^/]+)/virtualhosts/([^/]+)", _virtual_host),
    (r"/environments/([^/]+)/flowhooks/([^/]+)", _hook),
    (r"/environments/([^/]+)/targetservers/([^/]+)", _target_server),
    (r"/apiproducts", _expanded("apiProduct", lambda store: store.products)),
    (r"/developers", _expanded("developer", lambda store: store.developers)),
)
