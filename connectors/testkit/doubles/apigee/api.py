"""The API port: the token endpoint, Apigee's management API, Cloud Logging and the test of permissions."""

import re
import time
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.apigee import maps, shared_flows
from connectors.testkit.doubles.apigee import security_actions as actions
from connectors.testkit.doubles.apigee.permissions import BESIDES, PERMISSIONS
from connectors.testkit.doubles.apigee.reading import environment_of, read
from connectors.testkit.doubles.apigee.store import Store
from connectors.testkit.doubles.faults import FaultBook
from connectors.testkit.doubles.gcp.log_entries import LogStore
from connectors.testkit.doubles.google.accounts import Account, Accounts
from connectors.testkit.doubles.google.discovery import Call, api
from connectors.testkit.doubles.google.errors import GoogleError, forbidden, invalid, not_found
from connectors.testkit.doubles.google.federation import Federation
from connectors.testkit.doubles.serving import json_response

#: Path prefixes and the discovery document that describes them.
DOCUMENTS = (
    ("/v1/organizations/", "apigee.v1"),
    ("/v2/", "logging.v2"),
    ("/v3/projects/", "cloudresourcemanager.v3"),
)
_ACTIONS = "apigee.organizations.environments.securityActions."
_CONFIG = "SecurityActionsConfig"
_MOST_TESTED = 100


@dataclass
class Api:
    """Everything behind the API port."""

    accounts: Accounts
    store: Store
    logs: LogStore
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
        fault = self.faults.take("*", _named(request))
        if fault is not None:
            return fault.response()
        try:
            if request.path == "/token" and request.method == "POST":
                return self.accounts.exchange(request)
            if federated := self.federation.answer(request):
                return federated
            with self.store.lock:
                return self._called(request)
        except GoogleError as error:
            return error.response()

    def _control(self, request: Request) -> Response:
        """The double's own knobs, outside of every Google API."""
        body = request.get_json(silent=True) or {}
        if request.path == "/_double/accounts":
            permissions = body.get("permissions")
            granted = None if permissions is None else set(permissions)
            return json_response(self.accounts.make(body.get("name", "client"), granted)[1])
        if request.path == "/_double/addon":
            self.store.addon = bool(body.get("enabled"))
            return json_response({})
        if request.path == "/_double/hook":
            environment = self.store.environments[body["environment"]]
            environment.flow_hooks["PreProxyFlowHook"] = {"sharedFlow": body["sharedFlow"]}
            return json_response({})
        if request.path == "/_double/federation":
            return self.federation.control(body)
        if request.path == "/_double/deployments":
            self.store.outcome = body["outcome"]
            return json_response({})
        if request.path == "/_double/tokens" and request.method == "DELETE":
            self.accounts.revoke_all()
            return json_response({})
        return json_response({"message": "no such knob"}, 404)

    def _called(self, request: Request) -> Response:
        account = self.accounts.caller(request)
        call = self._call(request)
        self._authorise(call, account)
        if call.method.startswith(_ACTIONS):
            return json_response(self._action(call, call.method.removeprefix(_ACTIONS), account, request))
        if call.method.endswith(_CONFIG):
            return json_response(self._actions_config(call))
        if call.method in shared_flows.METHODS:
            return json_response(shared_flows.answer(self.store, call, request))
        if call.method.startswith(maps.PREFIX):
            return json_response(maps.answer(environment_of(self.store, call), call))
        if call.method == "logging.entries.list":
            return json_response(self.logs.list(call))
        if call.method == "cloudresourcemanager.projects.testIamPermissions":
            return json_response(_tested(call, account))
        return read(self.store, call)

    def _call(self, request: Request) -> Call:
        for prefix, document in DOCUMENTS:
            if request.path.startswith(prefix):
                content = request.get_data()
                call = api(document).call(request.method, request.path, request.args.to_dict(), content)
                if call is not None and call.method in PERMISSIONS:
                    return call
        raise GoogleError(404, "notFound", f"The requested URL {request.path} was not found on this server.")

    def _authorise(self, call: Call, account: Account) -> None:
        organisation = call.path.get("organizationsId", self.store.name)
        permission = PERMISSIONS[call.method]
        resource = f"organizations/{organisation}"
        # Apigee does not tell an organisation that is not there from one that may not be seen.
        if organisation != self.store.name or (permission and not account.may(permission)):
            raise forbidden(permission, resource)
        besides = BESIDES.get(call.method, "")
        if besides and not account.may(besides):
            raise forbidden(besides, f"{resource}/environments/{call.path['environmentsId']}")
        if call.path.get("projectsId", self.store.name) != self.store.name:
            raise not_found(f"projects/{call.path['projectsId']}")

    def _action(self, call: Call, verb: str, account: Account, request: Request) -> Any:
        environment = environment_of(self.store, call)
        identity = call.path.get("securityActionsId", "")
        if verb == "list":
            return actions.listed(environment, call)
        if verb == "get":
            return actions.get(self.store, environment, identity)
        if verb == "create":
            made: Any = actions.create(self.store, environment, call)
        elif verb == "patch":
            made = actions.patch(self.store, environment, call, identity)
        elif verb == "delete":
            actions.get(self.store, environment, identity)
            del environment.actions[identity]
            made = {}
        else:
            made = actions.switch(self.store, environment, identity, f"{verb.upper()}D")
        self._audit(call, verb, account, request)
        return made

    def _actions_config(self, call: Call) -> Any:
        environment = environment_of(self.store, call)
        if call.method.endswith(f"update{_CONFIG}"):
            environment.actions_enabled = bool((call.body or {}).get("enabled"))
        name = f"organizations/{self.store.name}/environments/{environment.name}/securityActionsConfig"
        return {"name": name, **({"enabled": True} if environment.actions_enabled else {})}

    def _audit(self, call: Call, verb: str, account: Account, request: Request) -> None:
        """One entry of Cloud Audit Logs, admin activity."""
        identity = call.path.get("securityActionsId", "") or call.query.get("securityActionId", "")
        caller = {
            "callerIp": request.remote_addr,
            "callerSuppliedUserAgent": request.headers.get("User-Agent", ""),
        }
        project, environment = self.store.name, call.path["environmentsId"]
        self.logs.write(
            {
                "protoPayload": {
                    "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                    "authenticationInfo": {"principalEmail": account.email},
                    "requestMetadata": caller,
                    "serviceName": "apigee.googleapis.com",
                    "methodName": f"google.cloud.apigee.v1.SecurityActionsService.{verb.capitalize()}SecurityAction",
                    "resourceName": f"organizations/{project}/environments/{environment}/securityActions/{identity}",
                },
                "resource": {"type": "audited_resource", "labels": {"project_id": project}},
                "severity": "NOTICE",
                "logName": f"projects/{project}/logs/cloudaudit.googleapis.com%2Factivity",
            },
            at=time.time(),
        )


def _tested(call: Call, account: Account) -> Any:
    """``testIamPermissions``: those of the given permissions that the caller has."""
    asked = call.body.get("permissions") or []
    if not asked or len(asked) > _MOST_TESTED:
        raise invalid(f"1 to {_MOST_TESTED} permissions can be tested.")
    for permission in asked:
        if not re.fullmatch(r"(apigee|logging)\.[A-Za-z]+\.[A-Za-z]+", permission):
            raise invalid(f"Permission {permission} is not valid for this resource.")
    granted = [permission for permission in asked if account.may(permission)]
    return {"permissions": granted} if granted else {}


def _named(request: Request) -> str:
    """``GET environments/prod/securityActions``: what a fault may be ordered for; the last three parts of the path."""
    return f"{request.method} {'/'.join(request.path.strip('/').split('/')[-3:])}"
