"""Cloudflare's subject for the conformance suite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network

from connectors.base.capabilities import Capability
from connectors.base.errors import PermissionMissing, SettingsError, TransientError, VendorAnswerError
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match, RateLimitSpec
from connectors.base.registry import implementation
from connectors.cloudflare.client import ApiV4
from connectors.cloudflare.manifest import CloudflareSettings
from connectors.cloudflare.zones import read_zones
from connectors.testkit.conformance import FaultCase, Subject
from connectors.testkit.running import Fault, local_egress
from tests.connectors.cloudflare.conftest import ACCOUNT, TOKEN, running_cloudflare

_ZONES = "GET /zones"
_AUDIT = f"GET /accounts/{ACCOUNT}/logs/audit"
_EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)


def _said(code: int, message: str = "no") -> dict[str, object]:
    return {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}


_HALF = {
    "success": True,
    "errors": [],
    "messages": [],
    "result": [],
    "result_info": {"page": 1, "per_page": 50, "total_count": 3},
}

FAULTS = (
    FaultCase("unauthorised", Fault(401, _ZONES, body=_said(1000)), "services", SettingsError),
    FaultCase("malformed_token", Fault(400, _ZONES, body=_said(6003)), "services", SettingsError),
    FaultCase("forbidden", Fault(403, _ZONES, body=_said(10000)), "services", PermissionMissing),
    FaultCase(
        "throttled",
        Fault(429, _ZONES, body=_said(971), headers={"retry-after": "1"}),
        "services",
        TransientError,
    ),
    FaultCase("failing", Fault(500, _ZONES, body="boom"), "services", TransientError),
    FaultCase("garbage", Fault(200, _ZONES, body="<html>no</html>"), "services", VendorAnswerError),
    FaultCase("unsuccessful", Fault(200, _ZONES, body=_said(1001)), "services", VendorAnswerError),
    FaultCase(
        "wrong_shape",
        Fault(200, _ZONES, body={"success": True, "result": [1]}),
        "services",
        VendorAnswerError,
    ),
    FaultCase("partial_page", Fault(200, _ZONES, body=_HALF), "services", VendorAnswerError),
    FaultCase("slow", Fault(200, _ZONES, delay_ms=900, times=1), "services", TransientError),
)
CHANGE_FAULTS = (
    Fault(403, _AUDIT, body=_said(10000)),
    Fault(429, _AUDIT, body=_said(971)),
    Fault(500, _AUDIT, body="boom"),
    Fault(200, _AUDIT, body="<html>no</html>"),
    Fault(200, _AUDIT, body={**_HALF, "result_info": {"cursor": "YWZ0ZXI6MQ=="}}),
    Fault(200, _AUDIT, delay_ms=900, times=1),
)

REQUEST = json.dumps(
    {
        "RayID": "8c9f1d2e3a4b5c6d",
        "EdgeStartTimestamp": "2026-09-28T00:00:12Z",
        "ClientRequestMethod": "GET",
        "ClientRequestURI": "/orders",
    }
).encode()


def _intent(number: int, match: Match, action: BlockAction = BlockAction.BLOCK) -> BlockIntent:
    rate = RateLimitSpec(100, 60) if action is BlockAction.RATE_LIMIT else None
    return BlockIntent(f"blk_{number}", match, action, _EXPIRES, "conformance", rate)


INTENTS = (
    _intent(1, Match(networks=(ip_network("198.51.100.7/32"), ip_network("2001:db8::/48")))),
    _intent(2, Match(networks=(ip_network("203.0.113.0/24"),))),
    _intent(3, Match(methods=("GET",), path_templates=("/payments/{id}",))),
    _intent(4, Match(countries=("KP",), asns=(64496,)), BlockAction.COUNT),
    _intent(5, Match(headers=(HeaderMatch("User-Agent", "evil", "contains"),)), BlockAction.CHALLENGE),
    _intent(6, Match(path_templates=("/catalog/search",)), BlockAction.RATE_LIMIT),
    _intent(7, Match(hosts=("api.acme.example",), networks=(ip_network("2001:db8::7/128"),))),
)


@contextmanager
def subject() -> Iterator[Subject]:
    """The double with the sample company's estate."""
    with running_cloudflare("--seed", "--budget", "100000", "--bulk-delay", "0.02") as double:
        settings = CloudflareSettings(api_url=double.url, api_token=TOKEN, account_id=ACCOUNT)
        egress = local_egress(*double.double.ports, timeout=0.6)
        count = iter(range(1000))

        def make(capability: Capability) -> object:
            return implementation("cloudflare", capability)(settings, egress)

        def change() -> None:
            value = "on" if next(count) % 2 else "off"
            path = f"/zones/{double.zone()}/settings/always_use_https"
            double.send("PATCH", path, {"value": value})

        yield Subject(
            key="cloudflare",
            make=make,
            order=double.double.order,
            behave=double.double.behave,
            provoke=lambda: read_zones(ApiV4(settings, egress), ()),
            faults=FAULTS,
            intents=INTENTS,
            sources=("cloudflare.http_requests", "cloudflare.firewall_events"),
            pushes=(REQUEST,),
            change=change,
            change_faults=CHANGE_FAULTS,
        )
