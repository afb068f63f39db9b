"""Azure Resource Manager: one answer per request, as strict about versions, permissions and documents as Azure is."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.azure.errors import Refusal, invalid
from connectors.testkit.doubles.azure.identity import MANAGEMENT, Directory
from connectors.testkit.doubles.azure.resource_types import (
    DIAGNOSTICS,
    FRONT_DOOR_POLICY,
    GATEWAY_POLICY,
    Address,
    address,
)
from connectors.testkit.doubles.azure.roles import Roles
from connectors.testkit.doubles.azure.store import Document, Store
from connectors.testkit.doubles.azure.waf_validity import check_front_door, check_gateway
from connectors.testkit.doubles.serving import json_response

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_OPERATION = re.compile(
    r"/subscriptions/[^/]+/providers/Microsoft\.Network/(locations/[^/]+/operations|frontdooroperationresults)/([0-9a-f-]+)",
    re.IGNORECASE,
)
_FILTER = re.compile(
    r"eventTimestamp ge '([^']+)' and eventTimestamp le '([^']+)'(?: and resourceProvider eq '([^']+)')?"
)
_ACTIVITY = "/providers/microsoft.insights/eventtypes/management/values"
_PERMISSIONS = "/providers/microsoft.authorization/permissions"
#: What Azure computes: sent back in a PUT it is taken and not believed.
_COMPUTED = {
    FRONT_DOOR_POLICY: ("frontendEndpointLinks", "routingRuleLinks", "securityPolicyLinks", "resourceState"),
    GATEWAY_POLICY: ("applicationGateways", "httpListeners", "pathBasedRules", "resourceState"),
}


class Management:
    """The API of one subscription. ``page`` is how many entries a list answers at once."""

    def __init__(self, store: Store, directory: Directory, roles: Roles, page: int = 50) -> None:
        self._store, self._directory, self._roles, self._page = store, directory, roles, page

    def answer(self, request: Request) -> Response:
        """Answer one request; raises ``Refusal``."""
        principal = self._directory.principal(request, MANAGEMENT)
        version = request.args.get("api-version", "")
        if not version:
            raise invalid(
                "The api-version query parameter (?api-version=) is required.", "MissingApiVersionParameter"
            )
        if not _VERSION.fullmatch(version):
            raise invalid(f"The api-version '{version}' is invalid.", "InvalidApiVersionParameter")
        path = request.path
        match = re.match(r"/subscriptions/([^/]+)(/|$)", path)
        if match is None or match.group(1) != self._store.subscription:
            raise Refusal(404, "SubscriptionNotFound", "The subscription could not be found.")
        with self._store.lock:
            if running := _OPERATION.fullmatch(path):
                return self._operation(principal, running.group(1), running.group(2))
            if path.lower().endswith(_PERMISSIONS):
                _known(version, ("2022-04-01", "2018-07-01"))
                self._roles.check(principal, "Microsoft.Authorization/permissions/read", path)
                return json_response({"value": self._roles.permissions(principal)})
            if path.lower().endswith(_ACTIVITY):
                _known(version, ("2015-04-01",))
                self._roles.check(principal, "Microsoft.Insights/eventtypes/values/Read", path)
                return self._activity(request)
            return self._resource(request, principal, version)

    def _resource(self, request: Request, principal: str, version: str) -> Response:
        asked = address(request.path)
        _known(version, asked.type.versions, asked.type.name)
        if request.method == "GET":
            self._roles.check(principal, asked.type.read, request.path)
            if asked.identifier:
                return json_response(self._shown(asked, request))
            return self._list(request, asked)
        if not asked.identifier:
            raise Refusal(405, "MethodNotAllowed", "The method is not allowed here.")
        action = asked.type.write if request.method == "PUT" else f"{asked.type.name}/delete"
        self._roles.check(principal, action, request.path)
        client = request.headers.get("X-Double-Client-Ip", "198.51.100.9")
        self._store.record(principal, action, request.path, "Started", client, request.method)
        status = "Failed"
        try:
            answer = self._put(request, asked) if request.method == "PUT" else self._delete(asked)
            status = "Succeeded"
        finally:
            self._store.record(principal, action, request.path, status, client, request.method)
        return answer

    def _shown(self, asked: Address, request: Request) -> Document:
        found = self._store.get(asked.identifier)
        if self._store.busy(asked.identifier):
            return {**found, "properties": {**found["properties"], "provisioningState": "Updating"}}
        if asked.type.name.endswith("/policies") and request.args.get("format") not in ("xml", None):
            raise invalid("The double answers policies as xml only.")
        return found

    def _list(self, request: Request, asked: Address) -> Response:
        if asked.type.name.lower() == DIAGNOSTICS:
            self._store.get(asked.under.partition("/providers/microsoft.insights")[0].rstrip("/"))
        entries = self._store.listed(asked)
        return self._paged(request, entries)

    def _paged(self, request: Request, entries: list[Document]) -> Response:
        start = int(request.args.get("$skiptoken", "0"))
        body: dict[str, Any] = {"value": entries[start : start + self._page]}
        if start + self._page < len(entries):
            asked = {**request.args, "$skiptoken": start + self._page}
            body["nextLink"] = f"{request.host_url.rstrip('/')}{request.path}?{urlencode(asked)}"
        return json_response(body)

    def _activity(self, request: Request) -> Response:
        asked = _FILTER.fullmatch(request.args.get("$filter", ""))
        if asked is None:
            raise invalid("The filter must begin with a range of eventTimestamp.", "BadRequest")
        first, last = (datetime.fromisoformat(text) for text in asked.groups()[:2])
        if first < datetime.now(UTC) - timedelta(days=90):
            raise invalid("The start time cannot be more than 90 days in the past.", "BadRequest")
        provider = (asked.group(3) or "").lower()
        found = [
            entry
            for entry in self._store.activity
            if first <= datetime.fromisoformat(entry["eventTimestamp"]) <= last
            and (not provider or entry["resourceProviderName"]["value"].lower() == provider)
        ]
        return self._paged(request, found[::-1])

    def _put(self, request: Request, asked: Address) -> Response:
        try:
            document = orjson.loads(request.get_data())
        except orjson.JSONDecodeError as error:
            raise invalid("The request content was invalid and could not be deserialized.") from error
        if not isinstance(document, dict) or not isinstance(document.get("properties"), dict):
            raise invalid("The request content has no properties.")
        kind = asked.type.name.lower()
        if kind not in _COMPUTED:
            return json_response(self._store.put(request.path, document))
        if "location" not in document:
            raise invalid("The location property is required for this definition.", "LocationRequired")
        (check_front_door if kind == FRONT_DOOR_POLICY else check_gateway)(document, document["properties"])
        if self._store.busy(asked.identifier):
            raise Refusal(409, "Conflict", "Another operation on this or dependent resource is in progress.")
        return self._begin(request, kind, document)

    def _begin(self, request: Request, kind: str, document: Document) -> Response:
        """The write is taken; it is in force, and has a new version, once its operation has ended."""
        path, store = request.path, self._store
        held = store.resources.get(path.lower())
        computed = {name: (held or {}).get("properties", {}).get(name) for name in _COMPUTED[kind]}
        kept = {name: value for name, value in computed.items() if value is not None}
        properties = {k: v for k, v in document["properties"].items() if k not in _COMPUTED[kind]}
        if kind == FRONT_DOOR_POLICY:
            properties["customRules"] = {"rules": [filled(rule) for rule in _rules(properties)]}
        wanted = {**document, "properties": {**properties, **kept, "provisioningState": "Succeeded"}}

        def finish() -> None:
            store.put(path, wanted)

        store.writes.append(path.lower())
        running = store.begin(path, finish)
        host = request.host_url.rstrip("/")
        base = f"{host}/subscriptions/{store.subscription}/providers/Microsoft.Network"
        pending = {
            **wanted,
            "properties": {**wanted["properties"], "provisioningState": "Updating"},
            "id": path,
        }
        if kind == FRONT_DOOR_POLICY:
            where = f"{base}/frontdooroperationresults/{running}?api-version=2026-04-01"
            return json_response(pending, 202, {"Location": where, "Retry-After": "0"})
        where = f"{base}/locations/westeurope/operations/{running}?api-version=2026-03-01"
        return json_response(
            pending, 200 if held else 201, {"Azure-AsyncOperation": where, "Retry-After": "0"}
        )

    def _operation(self, principal: str, kind: str, name: str) -> Response:
        action = "Microsoft.Network/frontdooroperationresults/read"
        if kind.startswith("locations"):
            action = "Microsoft.Network/locations/operations/read"
        self._roles.check(principal, action, kind)
        pending = self._store.poll(name) is not None
        if kind.startswith("locations"):
            return json_response(
                {"status": "InProgress" if pending else "Succeeded"}, 200, {"Retry-After": "0"}
            )
        if pending:
            return json_response({}, 202, {"Retry-After": "0"})
        return json_response({"status": "Succeeded"})

    def _delete(self, asked: Address) -> Response:
        self._store.get(asked.identifier)
        del self._store.resources[asked.identifier]
        return Response(status=204)


def _rules(properties: Document) -> list[Document]:
    return list((properties.get("customRules") or {}).get("rules") or [])


def filled(rule: Document) -> Document:
    """A rule as Front Door answers it: members that were left out are there, as nothing (spec example WafPolicyGet)."""
    conditions = [
        {"selector": None, "negateCondition": False, "transforms": [], **condition}
        for condition in rule["matchConditions"]
    ]
    defaults = {
        "enabledState": "Enabled",
        "rateLimitDurationInMinutes": 0,
        "rateLimitThreshold": 0,
        "groupBy": [],
    }
    return {**defaults, **rule, "matchConditions": conditions}


def _known(version: str, versions: tuple[str, ...], kind: str = "this resource") -> None:
    if version not in versions:
        raise invalid(
            f"No registered resource provider found for {kind} and API version '{version}'. The supported versions are "
            f"'{', '.join(versions)}'.",
            "NoRegisteredProviderFound",
        )
