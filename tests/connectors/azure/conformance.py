"""Azure's subject for the conformance suite: the strict double with the sample company's estate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network

from connectors.azure.client import Arm
from connectors.azure.manifest import AzureSettings
from connectors.azure.records import SOURCE
from connectors.base.errors import PermissionMissing, SettingsError, TransientError, VendorAnswerError
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match, RateLimitSpec
from connectors.base.registry import implementation
from connectors.testkit.conformance import FaultCase, Subject
from connectors.testkit.doubles.azure.estate import (
    ADMIN,
    CLIENT,
    EDGE_WAF,
    SECRET,
    SUBSCRIPTION,
    TENANT,
    WORKSPACE,
)
from connectors.testkit.running import Fault, local_egress, running_double
from tests.connectors.azure.test_records import FRONT_DOOR, FRONT_DOOR_WAF

_EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)
_LIST = "GET Microsoft.Cdn/profiles"
_FORBIDDEN = {
    "error": {
        "code": "AuthorizationFailed",
        "message": "The client does not have authorization to perform action 'Microsoft.Cdn/profiles/read' over scope '/'.",
    }
}
_ELSEWHERE = {"value": [], "nextLink": "http://127.0.0.1:1/subscriptions/x?api-version=2025-04-15"}


def _fault(status: int, operation: str = _LIST, **more: object) -> Fault:
    return Fault(status, operation, "arm", **more)  # type: ignore[arg-type]


FAULTS = (
    FaultCase(
        "unauthorised",
        _fault(401, body={"error": {"code": "InvalidAuthenticationToken"}}),
        "services",
        SettingsError,
    ),
    FaultCase("forbidden", _fault(403, body=_FORBIDDEN), "services", PermissionMissing),
    FaultCase(
        "missing", _fault(404, body={"error": {"code": "SubscriptionNotFound"}}), "services", SettingsError
    ),
    FaultCase("throttled", _fault(429, headers={"Retry-After": "17"}), "services", TransientError),
    FaultCase("failing", _fault(500, body="boom"), "services", TransientError),
    FaultCase("garbage", _fault(200, body="<html>no</html>"), "services", VendorAnswerError),
    FaultCase("wrong_shape", _fault(200, body={"value": [1, 2]}), "services", VendorAnswerError),
    FaultCase("partial_page", _fault(200, body=_ELSEWHERE), "services", VendorAnswerError),
    FaultCase("slow", _fault(200, delay_ms=1500, times=1), "services", TransientError),
)


def _intent(number: int, match: Match, action: BlockAction = BlockAction.BLOCK) -> BlockIntent:
    rate = RateLimitSpec(100, 60) if action is BlockAction.RATE_LIMIT else None
    return BlockIntent(f"blk_{number}", match, action, _EXPIRES, "conformance", rate)


INTENTS = (
    _intent(1, Match(networks=(ip_network("198.51.100.7/32"), ip_network("2001:db8::/48")))),
    _intent(2, Match(networks=(ip_network("203.0.113.0/24"),))),
    _intent(3, Match(methods=("GET",), path_templates=("/payments/{id}",))),
    _intent(4, Match(countries=("KP",)), BlockAction.COUNT),
    _intent(5, Match(headers=(HeaderMatch("User-Agent", "evil", "contains"),))),
    _intent(6, Match(path_templates=("/catalog/search",)), BlockAction.RATE_LIMIT),
    _intent(7, Match(hosts=("store.acme.example",), networks=(ip_network("192.0.2.0/24"),))),
    _intent(8, Match(countries=("KP",), path_templates=("/payments",)), BlockAction.CHALLENGE),
)


_TRAIL = "GET Microsoft.Insights/eventtypes/values"
CHANGE_FAULTS = (
    _fault(403, _TRAIL, body=_FORBIDDEN),
    _fault(429, _TRAIL, headers={"Retry-After": "17"}),
    _fault(500, _TRAIL, body="boom"),
    _fault(200, _TRAIL, body="<html>no</html>"),
    _fault(200, _TRAIL, body=_ELSEWHERE),
)


def _customer_changes(url: str, settings: AzureSettings) -> None:
    """The customer writes a tag of the edge's WAF policy."""
    hands = Arm(settings.model_copy(update={"client_id": ADMIN}), local_egress(int(url.rpartition(":")[2])))
    policy = hands.get(EDGE_WAF)
    number = int(policy["tags"].get("changes", "0")) + 1
    hands.put(EDGE_WAF, {**policy, "tags": {**policy["tags"], "changes": str(number)}})


@contextmanager
def subject() -> Iterator[Subject]:
    """The double with the sample company's estate, two entries to a page."""
    options = ["--seed", "--page", "2"]
    with running_double("connectors.testkit.doubles.azure", options, ("--port", "--proxy-port")) as double:
        url = double.control_url
        settings = AzureSettings(
            tenant_id=TENANT,
            client_id=CLIENT,
            client_secret=SECRET,
            subscriptions=[SUBSCRIPTION],
            workspace_id=WORKSPACE,
            login_url=url,
            management_url=url,
            logs_url=f"{url}/loganalytics",
        )
        egress = local_egress(*double.ports, timeout=1.0)
        path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Cdn/profiles"
        push = json.dumps({"records": [FRONT_DOOR, FRONT_DOOR_WAF]}).encode()
        yield Subject(
            key="azure",
            make=lambda capability: implementation("azure", capability)(settings, egress),
            order=double.order,
            behave=double.behave,
            provoke=lambda: Arm(settings, egress).items(path),
            faults=FAULTS,
            intents=INTENTS,
            sources=(SOURCE,),
            change=lambda: _customer_changes(url, settings),
            change_faults=CHANGE_FAULTS,
            pushes=(push, json.dumps([FRONT_DOOR]).encode()),
        )
