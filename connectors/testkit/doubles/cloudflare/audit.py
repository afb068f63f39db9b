"""The account's audit log, version 2: one entry per writing request.

Source: typed SDK ``cloudflare`` 5.9, accounts.logs.audit; "Audit Logs v2".
"""

import uuid
from datetime import UTC, datetime

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.cloudflare.envelope import ApiError
from connectors.testkit.doubles.cloudflare.paging import by_cursor
from connectors.testkit.doubles.cloudflare.state import Account, Document, now
from connectors.testkit.doubles.cloudflare.tokens import presented, token_id

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_PRODUCTS = {
    "rulesets": "rulesets",
    "lists": "rules_lists",
    "dns_records": "dns",
    "settings": "zone_settings",
    "api_gateway": "api_gateway",
    "token_validation": "api_gateway",
    "schema_validation": "api_gateway",
    "jobs": "logpush",
}
MOST = 1000


def entry(account: Account, request: Request, status: int, zone_id: str, resource_id: str) -> Document:
    """What the log says of a writing request."""
    zone = account.zones.get(zone_id)
    by_hand = "Mozilla" in str(request.user_agent)
    product = next((name for part, name in _PRODUCTS.items() if f"/{part}" in request.path), "zones")
    return {
        "id": uuid.uuid4().hex,
        "account": {"id": account.id, "name": account.name},
        "action": {
            "description": f"{_VERBS[request.method]} {product}",
            "result": "success" if status < 400 else "failure",
            "time": now(),
            "type": _VERBS[request.method],
        },
        "actor": {
            "id": "f6b5de0326bb5182b8a4840ee01ec774",
            "context": "dash" if by_hand else "api_token",
            "email": "ada@acme.example",
            "ip_address": "198.51.100.20",
            "token_id": "" if by_hand else token_id(presented(request)),
            "token_name": "" if by_hand else "Portcullis",
            "type": "user",
        },
        "raw": {
            "cf_ray_id": uuid.uuid4().hex[:16],
            "method": request.method,
            "status_code": status,
            "uri": request.path.removeprefix("/client/v4"),
            "user_agent": str(request.user_agent),
        },
        "resource": {
            "id": resource_id or zone_id,
            "product": product,
            "type": product.rstrip("s"),
            "scope": "zones" if zone_id else "accounts",
            "request": None,
            "response": None,
        },
        "zone": {"id": zone.id, "name": zone.name} if zone else {"id": "", "name": ""},
    }


class Audit:
    """The operation on ``/accounts/{account}/logs/audit``."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def all(self, request: Request) -> Response:
        """Entries between ``since`` and ``before``, in either direction."""
        since, before = _time(request, "since"), _time(request, "before")
        direction = request.args.get("direction", "desc")
        if direction not in ("asc", "desc"):
            raise ApiError(400, 10006, "direction is asc or desc")
        found = [
            item
            for item in self._account.audit
            if since <= datetime.fromisoformat(item["action"]["time"]) < before
        ]
        found.sort(key=lambda item: str(item["action"]["time"]), reverse=direction == "desc")
        return by_cursor(request, found, MOST, name="limit", nested=False)


def _time(request: Request, name: str) -> datetime:
    text = request.args.get(name, "")
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ApiError(400, 10006, f"{name} is required, as a date or in RFC 3339") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
