"""API v4: tokens, routes with the permission group each needs, bodies, the audit log, faults."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.cloudflare import audit
from connectors.testkit.doubles.cloudflare.api_shield import ApiShield
from connectors.testkit.doubles.cloudflare.envelope import ApiError, answer, invalid, missing
from connectors.testkit.doubles.cloudflare.graphql import GraphQl
from connectors.testkit.doubles.cloudflare.lists import Lists
from connectors.testkit.doubles.cloudflare.rulesets import Rulesets
from connectors.testkit.doubles.cloudflare.state import Account
from connectors.testkit.doubles.cloudflare.tokens import Tokens, check, presented, token_id
from connectors.testkit.doubles.cloudflare.zones import Zones
from connectors.testkit.doubles.faults import FaultBook
from connectors.testkit.doubles.serving import json_response

PREFIX = "/client/v4"


@dataclass(frozen=True)
class Operation:
    """One route: method, path, the permission group it needs ("" for none), and what answers it."""

    method: str
    path: str
    scope: str
    run: Callable[..., Response]
    body: bool = False


ZONE = "/zones/<zone_id>"


def op(
    method: str, path: str, group: str, run: Callable[..., Response], body: bool | None = None
) -> Operation:
    """A route that needs a permission group: Read for GET, Write for the rest; ``body`` when it is not as usual."""
    level = "Read" if method == "GET" else "Write"
    takes_body = method in ("POST", "PUT", "PATCH") if body is None else body
    return Operation(method, path, f"{group} {level}" if group else "", run, takes_body)


def operations(account: Account, lists: Lists) -> tuple[Operation, ...]:
    """Every route of the double."""
    return (
        *_zone_operations(Zones(account)),
        *_rule_operations(Rulesets(account)),
        *_shield_operations(ApiShield(account)),
        *_account_operations(account, lists),
    )


def _zone_operations(zones: Zones) -> tuple[Operation, ...]:
    mtls = f"{ZONE}/certificate_authorities/hostname_associations"
    return (
        op("GET", "/zones", "Zone", zones.all),
        op("POST", "/zones", "Zone", zones.create),
        op("GET", ZONE, "Zone", zones.one),
        op("PATCH", ZONE, "Zone", zones.change),
        op("GET", f"{ZONE}/settings", "Zone Settings", zones.settings),
        op("PATCH", f"{ZONE}/settings/<name>", "Zone Settings", zones.set_setting),
        op("GET", f"{ZONE}/dns_records", "DNS", zones.records),
        op("POST", f"{ZONE}/dns_records", "DNS", zones.add_record),
        op("DELETE", f"{ZONE}/dns_records/<record_id>", "DNS", zones.remove_record),
        op("GET", f"{ZONE}/logpush/jobs", "Logs", zones.jobs),
        op("POST", f"{ZONE}/logpush/jobs", "Logs", zones.add_job),
        op("DELETE", f"{ZONE}/logpush/jobs/<int:job_id>", "Logs", zones.remove_job),
        op("GET", mtls, "SSL and Certificates", zones.mtls_hosts),
        op("PUT", mtls, "SSL and Certificates", zones.set_mtls_hosts),
    )


def _rule_operations(rulesets: Rulesets) -> tuple[Operation, ...]:
    rules = f"{ZONE}/rulesets"
    return (
        op("GET", rules, "Zone WAF", rulesets.all),
        op("POST", rules, "Zone WAF", rulesets.create),
        op("GET", f"{rules}/phases/<phase>/entrypoint", "Zone WAF", rulesets.entry),
        op("PUT", f"{rules}/phases/<phase>/entrypoint", "Zone WAF", rulesets.replace_entry),
        op("GET", f"{rules}/<ruleset_id>", "Zone WAF", rulesets.one),
        op("POST", f"{rules}/<ruleset_id>/rules", "Zone WAF", rulesets.add_rule),
        op("PATCH", f"{rules}/<ruleset_id>/rules/<rule_id>", "Zone WAF", rulesets.change_rule),
        op("DELETE", f"{rules}/<ruleset_id>/rules/<rule_id>", "Zone WAF", rulesets.remove_rule),
    )


def _shield_operations(shield: ApiShield) -> tuple[Operation, ...]:
    shield_path = f"{ZONE}/api_gateway"
    return (
        op("GET", f"{shield_path}/operations", "API Gateway", shield.operations),
        op("POST", f"{shield_path}/operations", "API Gateway", shield.add_operations),
        op(
            "PUT",
            f"{shield_path}/operations/<operation_id>/schema_validation",
            "API Gateway",
            shield.set_schema,
        ),
        op("GET", f"{shield_path}/discovery/operations", "API Gateway", shield.discovered),
        op("POST", f"{shield_path}/discovery/operations", "API Gateway", shield.see_operation),
        op("GET", f"{ZONE}/schema_validation/settings", "API Gateway", shield.schema_settings),
        op("PUT", f"{ZONE}/schema_validation/settings", "API Gateway", shield.set_schema_settings),
        op("GET", f"{ZONE}/token_validation/config", "API Gateway", shield.token_configs),
        op("POST", f"{ZONE}/token_validation/config", "API Gateway", shield.add_token_config),
        op("GET", f"{ZONE}/token_validation/rules", "API Gateway", shield.token_rules),
        op("POST", f"{ZONE}/token_validation/rules", "API Gateway", shield.add_token_rule),
    )


def _account_operations(account: Account, lists: Lists) -> tuple[Operation, ...]:
    here = f"/accounts/{account.id}"
    items = f"{here}/rules/lists/<list_id>/items"
    return (
        op("GET", "/user/tokens/verify", "", _verified),
        op("GET", f"{here}/tokens/verify", "", _verified),
        op("GET", f"{here}/rules/lists", "Account Rule Lists", lists.all),
        op("POST", f"{here}/rules/lists", "Account Rule Lists", lists.create),
        op("GET", f"{here}/rules/lists/<list_id>", "Account Rule Lists", lists.one),
        op("PUT", f"{here}/rules/lists/<list_id>", "Account Rule Lists", lists.describe),
        op("DELETE", f"{here}/rules/lists/<list_id>", "Account Rule Lists", lists.remove),
        op("GET", items, "Account Rule Lists", lists.items),
        op("POST", items, "Account Rule Lists", lists.add_items),
        op("PUT", items, "Account Rule Lists", lists.replace_items),
        op("DELETE", items, "Account Rule Lists", lists.remove_items, body=True),
        op(
            "GET", f"{here}/rules/lists/bulk_operations/<operation_id>", "Account Rule Lists", lists.operation
        ),
        op("GET", f"{here}/logs/audit", "Account Settings", audit.Audit(account).all),
        Operation("POST", "/graphql", "Analytics Read", GraphQl(account).query, True),
    )


def _verified(request: Request) -> Response:
    return answer({"id": token_id(presented(request)), "status": "active"})


class Api:
    """The management API of one account."""

    def __init__(self, account: Account, lists: Lists, tokens: Tokens) -> None:
        self._account, self._tokens = account, tokens
        self._faults = FaultBook()
        self._operations = operations(account, lists)
        self._map = Map(
            [Rule(op.path, methods=[op.method], endpoint=op, strict_slashes=True) for op in self._operations],
            redirect_defaults=False,
        )
        self.ready = False

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if (knob := self._faults.knob(request, self.ready)) is not None:
            return knob
        if request.path == "/_double/tokens":
            body = orjson.loads(request.get_data())
            self._tokens.granted[body["token"]] = frozenset(body["scopes"])
            return json_response({}, 201)
        try:
            operation, values = self._matched(request)
            if fault := self._faults.take("cloudflare", f"{operation.method} {operation.path}"):
                return fault.response()
            with self._account.lock:
                return self._run(request, operation, values)
        except ApiError as error:
            return error.response()

    def _matched(self, request: Request) -> tuple[Operation, dict[str, Any]]:
        path = request.path.removeprefix(PREFIX)
        if not request.path.startswith(PREFIX + "/"):
            raise missing("page")
        try:
            operation, values = self._map.bind("api.cloudflare.com").match(path, method=request.method)
        except MethodNotAllowed as error:
            raise ApiError(405, 10405, "Method not allowed for this authentication scheme") from error
        except NotFound as error:
            raise ApiError(
                404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?"
            ) from error
        return operation, dict(values)

    def _run(self, request: Request, operation: Operation, values: dict[str, Any]) -> Response:
        granted = self._tokens.scopes(request)
        if operation.scope:
            check(granted, operation.scope)
        if operation.body:
            values = {**values, "body": _body(request)}
        try:
            response = operation.run(request, **values)
        except ApiError as error:
            response = error.response()
        if request.method != "GET" and operation.path != "/graphql":
            named = next((str(v) for k, v in reversed(values.items()) if k not in ("body", "zone_id")), "")
            zone_id = str(values.get("zone_id", ""))
            entry = audit.entry(self._account, request, response.status_code, zone_id, named)
            self._account.audit.append(entry)
        return response


def _body(request: Request) -> Any:
    try:
        return orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise invalid("could not parse the JSON body", 6007) from error
