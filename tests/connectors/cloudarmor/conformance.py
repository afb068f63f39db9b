"""Cloud Armor's subject for the conformance suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from connectors.base.capabilities import Capability
from connectors.base.enforcement import Target
from connectors.base.errors import PermissionMissing, SettingsError, TransientError, VendorAnswerError
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match, RateLimitSpec
from connectors.base.registry import implementation
from connectors.testkit.conformance import FaultCase, Subject
from connectors.testkit.running import Fault, local_egress
from tests.connectors.cloudarmor.world import SHOP, running_cloud

_EXPIRES = datetime(2026, 12, 1, tzinfo=UTC)


def _error(status: int, reason: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": "no", "errors": [{"reason": reason, "message": "no"}]}}


_PARTIAL = {
    "kind": "compute#securityPolicyAggregatedList",
    "items": {"regions/europe-west1": {"warning": {"code": "UNREACHABLE", "message": "gone"}}},
}
FAULTS = (
    FaultCase("unauthorised", Fault(401, "* *Policies*", body=_error(401, "authError")), "waf", SettingsError),
    FaultCase("forbidden", Fault(403, "* *Policies*", body=_error(403, "forbidden")), "waf", PermissionMissing),
    FaultCase("switched_off", Fault(403, "* *Policies*", body=_error(403, "accessNotConfigured")), "waf", SettingsError),
    FaultCase("rate_limited", Fault(403, "* *Policies*", body=_error(403, "rateLimitExceeded")), "waf", TransientError),
    FaultCase("throttled", Fault(429, "* *Policies*", headers={"Retry-After": "1"}), "waf", TransientError),
    FaultCase("failing", Fault(500, "* *Policies*", body="boom"), "waf", TransientError),
    FaultCase("garbage", Fault(200, "* *Policies*", body="<html>no</html>"), "waf", VendorAnswerError),
    FaultCase("empty_object", Fault(200, "* *Policies*", body={}), "waf", VendorAnswerError),
    FaultCase("partial_page", Fault(200, "* *Policies*", body=_PARTIAL), "waf", VendorAnswerError),
    FaultCase("no_rules", Fault(200, "* securityPolicies/*", body={"name": "shop"}), "waf", VendorAnswerError),
    FaultCase("slow", Fault(200, "* *Policies*", delay_ms=1500, times=2), "waf", TransientError),
    FaultCase("one_policy", Fault(500, "GET securityPolicies/shop"), "waf", TransientError),
)  # fmt: skip

ENTRY = (
    b'{"insertId":"a1","timestamp":"2026-10-01T10:00:00.1Z","resource":{"type":"http_load_balancer","labels":'
    b'{"url_map_name":"shop"}},"httpRequest":{"requestMethod":"GET","requestUrl":"https://shop.acme.example/x",'
    b'"status":200,"remoteIp":"198.51.100.7"},"jsonPayload":{"statusDetails":"response_sent_by_backend"}}'
)


def _intent(number: int, match: Match, action: BlockAction = BlockAction.BLOCK) -> BlockIntent:
    rate = RateLimitSpec(100, 60) if action is BlockAction.RATE_LIMIT else None
    return BlockIntent(f"blk_{number}", match, action, _EXPIRES, "conformance", rate)


INTENTS = (
    _intent(1, Match(networks=(ip_network("198.51.100.7/32"), ip_network("2001:db8::/48")))),
    _intent(2, Match(networks=(ip_network("203.0.113.0/24"),))),
    _intent(3, Match(methods=("GET",), path_templates=("/payments/{id}",))),
    _intent(4, Match(countries=("KP",), asns=(64500, 64501)), BlockAction.COUNT),
    _intent(5, Match(headers=(HeaderMatch("User-Agent", "evil", "contains"),))),
    _intent(6, Match(path_templates=("/catalog/search",)), BlockAction.RATE_LIMIT),
    _intent(7, Match(networks=(ip_network("192.0.2.0/24"),)), BlockAction.COUNT),
    _intent(8, Match(ja4=("t13d1516h2_8daaf6152771_b186095e22b6",)), BlockAction.CHALLENGE),
)


@contextmanager
def subject() -> Iterator[Subject]:
    """The double with the sample company's estate."""
    with running_cloud() as cloud:
        settings = cloud.settings(logs="pull", enterprise=True)
        egress = local_egress(*cloud.double.ports, timeout=1.0)

        def make(capability: Capability) -> Any:
            return implementation("cloudarmor", capability)(settings, egress)

        def change() -> None:
            cloud.add_rule(3000, "deny(404)", preview=True)
            cloud.remove_rule(3000)

        yield Subject(
            key="cloudarmor",
            make=make,
            order=cloud.double.order,
            behave=cloud.double.behave,
            provoke=lambda: make(Capability.ENFORCE).read_state(Target(SHOP, "shop", "security_policy")),
            faults=FAULTS,
            intents=INTENTS,
            sources=("cloudarmor.requests",),
            pushes=(ENTRY, b"[" + ENTRY + b"]"),
            change=change,
            change_faults=(
                Fault(403, "POST entries:list", body=_error(403, "forbidden")),
                Fault(429, "POST entries:list"),
                Fault(200, "POST entries:list", body="<html>"),
                Fault(200, "POST entries:list", body={"entries": [{"insertId": "x"}]}),
            ),
        )
