"""API Shield: saved and discovered operations, schema validation, JWT validation.

Source: typed SDK ``cloudflare`` 5.9 (api_gateway, schema_validation, token_validation). Plans without it are refused.
"""

import re
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.cloudflare.envelope import ApiError, answer, invalid, known_only, missing
from connectors.testkit.doubles.cloudflare.paging import by_number
from connectors.testkit.doubles.cloudflare.state import Account, Document, Zone, made_id, now

_METHODS = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "CONNECT", "PATCH", "TRACE"}
_FEATURES = {"thresholds", "parameter_schemas", "schema_info", "confidence_intervals"}
_PER_PAGE = 50


class ApiShield:
    """The operations below ``/api_gateway``, ``/schema_validation`` and ``/token_validation`` of a zone."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def operations(self, request: Request, zone_id: str) -> Response:
        """Saved operations, with the features that were asked for."""
        zone = self._entitled(zone_id)
        features = set(request.args.getlist("feature"))
        if features - _FEATURES:
            raise invalid(f"unknown feature {min(features - _FEATURES)}", 10400)
        shown = []
        for operation in zone.operations.values():
            entry = {key: value for key, value in operation.items() if key != "schema_info"}
            if "schema_info" in features and operation["schema_info"]:
                entry["features"] = {"schema_info": operation["schema_info"]}
            shown.append(entry)
        return by_number(request, shown, _PER_PAGE)

    def add_operations(self, request: Request, zone_id: str, body: Any) -> Response:
        """Save operations; placeholders become {var1}, {var2} … as Cloudflare writes them."""
        zone = self._entitled(zone_id)
        if not isinstance(body, list):
            raise invalid("a list of operations is required", 10400)
        made = [self._operation(entry) for entry in body]
        zone.operations.update({entry["operation_id"]: entry for entry in made})
        return answer(made)

    def set_schema(self, request: Request, zone_id: str, operation_id: str, body: Document) -> Response:
        """Give an operation a schema and what happens when it does not fit."""
        zone = self._entitled(zone_id)
        if operation_id not in zone.operations:
            raise missing("operation")
        known_only(body, {"mitigation_action"}, frozenset({"mitigation_action"}))
        active = {"id": made_id(), "name": "uploaded", "created_at": now()}
        zone.operations[operation_id]["schema_info"] = {"active_schema": active, **body}
        return answer({"operation_id": operation_id, **body})

    def discovered(self, request: Request, zone_id: str) -> Response:
        """Operations that Cloudflare saw in traffic."""
        found = list(self._entitled(zone_id).discovered.values())
        if state := request.args.get("state"):
            found = [entry for entry in found if entry["state"] == state]
        return by_number(request, found, _PER_PAGE)

    def see_operation(self, request: Request, zone_id: str, body: Document) -> Response:
        """The double's own way to let discovery find something."""
        zone = self._entitled(zone_id)
        entry = {
            "id": made_id(), "origin": ["ML"], "state": "review", "last_updated": now(),
            "features": {"traffic_stats": {"last_updated": now(), "period_seconds": 86400, "requests": 120.0}},
            **body,
        }  # fmt: skip
        zone.discovered[entry["id"]] = entry
        return answer(entry)

    def schema_settings(self, request: Request, zone_id: str) -> Response:
        """What happens to requests that do not fit, by default."""
        return answer(self._entitled(zone_id).schema_settings)

    def set_schema_settings(self, request: Request, zone_id: str, body: Document) -> Response:
        """PUT of these settings."""
        zone = self._entitled(zone_id)
        known_only(body, {"validation_default_mitigation_action", "validation_override_mitigation_action"})
        zone.schema_settings |= body
        return answer(zone.schema_settings)

    def token_configs(self, request: Request, zone_id: str) -> Response:
        """Where JWTs are found and which keys sign them."""
        return by_number(request, list(self._entitled(zone_id).token_configs.values()), _PER_PAGE)

    def add_token_config(self, request: Request, zone_id: str, body: Document) -> Response:
        """A new token configuration."""
        zone = self._entitled(zone_id)
        members = {"title", "description", "token_type", "token_sources", "credentials"}
        known_only(body, members, frozenset(members))
        made = {"id": made_id(), "created_at": now(), "last_updated": now(), **body}
        zone.token_configs[made["id"]] = made
        return answer(made)

    def token_rules(self, request: Request, zone_id: str) -> Response:
        """Which operations have to carry a valid JWT."""
        return by_number(request, list(self._entitled(zone_id).token_rules.values()), _PER_PAGE)

    def add_token_rule(self, request: Request, zone_id: str, body: Document) -> Response:
        """A new token-validation rule."""
        zone = self._entitled(zone_id)
        members = {"title", "description", "action", "enabled", "expression", "selector"}
        known_only(body, members, frozenset(members))
        if body["action"] not in ("log", "block"):
            raise invalid("action is log or block", 10400)
        made = {"id": made_id(), "created_at": now(), "last_updated": now(), **body}
        zone.token_rules[made["id"]] = made
        return answer(made)

    def _operation(self, entry: Document) -> Document:
        known_only(entry, {"method", "host", "endpoint"}, frozenset({"method", "host", "endpoint"}))
        if entry["method"] not in _METHODS or not str(entry["endpoint"]).startswith("/"):
            raise invalid("not a valid operation", 10400)
        names = iter(range(1, 100))
        endpoint = re.sub(r"\{[^{}]*\}", lambda _: f"{{var{next(names)}}}", entry["endpoint"])
        return {
            "operation_id": made_id(), "method": entry["method"], "host": entry["host"], "endpoint": endpoint,
            "last_updated": now(), "schema_info": None,
        }  # fmt: skip

    def _entitled(self, zone_id: str) -> Zone:
        zone = self._account.zone(zone_id)
        if not zone.limits.api_shield:
            raise ApiError(403, 10403, "this zone's plan does not include API Shield")
        return zone
