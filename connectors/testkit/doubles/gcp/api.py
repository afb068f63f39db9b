"""The API port: one token endpoint and four Google APIs, told apart by their paths."""

import re
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.faults import FaultBook
from connectors.testkit.doubles.gcp.address_groups import AddressGroups
from connectors.testkit.doubles.gcp.audit import Audit, Caller
from connectors.testkit.doubles.gcp.compute import COLLECTIONS, Compute
from connectors.testkit.doubles.gcp.log_entries import LogStore
from connectors.testkit.doubles.gcp.permissions import CHANGING, permission_of
from connectors.testkit.doubles.gcp.store import GLOBAL
from connectors.testkit.doubles.google.accounts import Account, Accounts
from connectors.testkit.doubles.google.discovery import Call, api
from connectors.testkit.doubles.google.errors import GoogleError, forbidden, invalid, not_found
from connectors.testkit.doubles.google.federation import Federation
from connectors.testkit.doubles.serving import json_response

#: Path prefixes and the discovery document that describes them.
DOCUMENTS = (
    ("/compute/v1/", "compute.v1"),
    ("/v1/projects/", "networksecurity.v1"),
    ("/v2/", "logging.v2"),
    ("/v3/projects/", "cloudresourcemanager.v3"),
)
_SERVED = re.compile(
    rf"^(compute\.({'|'.join(COLLECTIONS)}|globalOperations|regionOperations)\.\w+"
    r"|networksecurity\.projects\.locations\.(addressGroups|operations)\.\w+"
    r"|logging\.entries\.list|cloudresourcemanager\.projects\.testIamPermissions)$"
)
_MOST_TESTED = 100
_GROUP = re.compile(r"evaluateAddressGroup\(")


@dataclass
class Api:
    """Everything behind the API port."""

    accounts: Accounts
    compute: Compute
    groups: AddressGroups
    logs: LogStore
    audit: Audit
    faults: FaultBook = field(default_factory=FaultBook)
    ready: bool = False

    def __post_init__(self) -> None:
        """Federated identities take the same accounts."""
        self.federation = Federation(self.accounts)

    def answer(self, request: Request) -> Response:
        """Answer one request of a client or of a test."""
        if (knob := self.faults.knob(request, self.ready)) is not None:
            return knob
        if request.path.startswith("/_double/"):
            return self._control(request)
        fault = self.faults.take(*_named(request))
        if fault is not None:
            return fault.response()
        try:
            if request.path == "/token" and request.method == "POST":
                return self.accounts.exchange(request)
            if federated := self.federation.answer(request):
                return federated
            return json_response(self._called(request))
        except GoogleError as error:
            return error.response()

    def _control(self, request: Request) -> Response:
        """The double's own knobs, outside of every Google API."""
        body = request.get_json(silent=True) or {}
        if request.path == "/_double/accounts":
            permissions = body.get("permissions")
            granted = None if permissions is None else set(permissions)
            return json_response(self.accounts.make(body.get("name", "client"), granted)[1])
        if request.path == "/_double/unreachable":
            self.compute.unreachable.clear()
            self.compute.unreachable.update(body.get("scopes", ()))
            return json_response(sorted(self.compute.unreachable))
        if request.path == "/_double/federation":
            return self.federation.control(body)
        if request.path == "/_double/tokens" and request.method == "DELETE":
            self.accounts.revoke_all()
            return json_response({})
        if request.path == "/_double/entries" and request.method == "POST":
            for entry in body.get("entries", ()):
                self.logs.write(entry, at=entry.pop("at", None))
            return json_response({})
        return json_response({"message": "no such knob"}, 404)

    def _called(self, request: Request) -> Any:
        account = self.accounts.caller(request)
        call = self._call(request)
        caller = Caller(
            account.email, request.remote_addr or "127.0.0.1", request.headers.get("User-Agent", "")
        )
        self._authorise(call, account, caller)
        if call.method.startswith("compute."):
            return self.compute.answer(call, caller)
        if call.method.startswith("networksecurity."):
            return self.groups.answer(call)
        if call.method == "logging.entries.list":
            return self.logs.list(call)
        return self._tested(call, account)

    def _call(self, request: Request) -> Call:
        for prefix, document in DOCUMENTS:
            if request.path.startswith(prefix):
                content = request.get_data()
                call = api(document).call(request.method, request.path, request.args.to_dict(), content)
                if call is not None and _SERVED.match(call.method):
                    return call
        raise GoogleError(404, "notFound", f"The requested URL {request.path} was not found on this server.")

    def _authorise(self, call: Call, account: Account, caller: Caller) -> None:
        """The method's own permission, and that of the address groups a rule names."""
        project = call.path.get("project", self.accounts.project)
        if project != self.accounts.project:
            raise not_found(f"projects/{project}")
        needed = [permission_of(call.method)]
        if call.method.endswith((".addRule", ".patchRule")) and _GROUP.search(str(call.body)):
            needed.append("networksecurity.addressGroups.use")
        resource = _resource(call, project)
        for permission in filter(None, needed):
            if not account.may(permission):
                if call.method.startswith("compute.") and call.method.rpartition(".")[2] in CHANGING:
                    self.audit.denied(call, resource, caller, permission)
                raise forbidden(permission, resource)

    def _tested(self, call: Call, account: Account) -> Any:
        """``testIamPermissions``: those of the given permissions that the caller has."""
        asked = call.body.get("permissions") or []
        if not asked or len(asked) > _MOST_TESTED:
            raise invalid(f"1 to {_MOST_TESTED} permissions can be tested.")
        for permission in asked:
            if not re.fullmatch(r"(compute|networksecurity|logging)\.[A-Za-z]+\.[A-Za-z]+", permission):
                raise invalid(f"Permission {permission} is not valid for this resource.")
        granted = [permission for permission in asked if account.may(permission)]
        return {"permissions": granted} if granted else {}


def _resource(call: Call, project: str) -> str:
    if not call.method.startswith("compute."):
        return f"projects/{project}"
    scope = f"regions/{call.path['region']}" if "region" in call.path else GLOBAL
    collection = COLLECTIONS.get(call.method.split(".")[1], "operations")
    rest = [value for name, value in call.path.items() if name not in ("project", "region")]
    return "/".join([f"projects/{project}", scope, collection, *rest])


def _named(request: Request) -> tuple[str, str]:
    """(service, ``GET securityPolicies/shop``): what a fault may be ordered for."""
    parts = request.path.strip("/").split("/")
    service = {"compute": "compute", "v1": "networksecurity", "v2": "logging", "v3": "iam"}.get(
        parts[0], parts[0]
    )
    return service, f"{request.method} {'/'.join(parts[-2:]) if service == 'compute' else parts[-1]}"
