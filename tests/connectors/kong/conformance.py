"""Kong's subject for the conformance suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import count

from connectors.base.capabilities import Capability
from connectors.base.enforcement import Target
from connectors.base.errors import PermissionMissing, SettingsError, TransientError, VendorAnswerError
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match, RateLimitSpec
from connectors.base.registry import implementation
from connectors.kong.client import AdminApi
from connectors.kong.form import KongSettings
from connectors.testkit.conformance import FaultCase, Subject
from connectors.testkit.running import Fault, local_egress, running_double

_ROUTES = "GET /routes"
_EXPIRES = datetime(2026, 12, 1, tzinfo=UTC)

FAULTS = (
    FaultCase("unauthorised", Fault(401, _ROUTES, body={"message": "no"}), "routes", SettingsError),
    FaultCase("forbidden", Fault(403, _ROUTES, body={"message": "no"}), "routes", PermissionMissing),
    FaultCase("missing", Fault(404, _ROUTES, body={"message": "Not found"}), "routes", SettingsError),
    FaultCase("throttled", Fault(429, _ROUTES, headers={"Retry-After": "1"}), "routes", TransientError),
    FaultCase("failing", Fault(500, _ROUTES, body="boom"), "routes", TransientError),
    FaultCase("garbage", Fault(200, _ROUTES, body="<html>no</html>"), "routes", VendorAnswerError),
    FaultCase("wrong_shape", Fault(200, _ROUTES, body={"data": [1, 2]}), "routes", VendorAnswerError),
    FaultCase(
        "partial_page",
        Fault(200, _ROUTES, body={"data": [], "next": "/routes?x"}),
        "routes",
        VendorAnswerError,
    ),
    FaultCase("slow", Fault(200, _ROUTES, delay_ms=900, times=1), "routes", TransientError),
)

CHANGE_FAULTS = (
    Fault(401, "GET /audit", body={"message": "no"}),
    Fault(403, "GET /audit", body={"message": "no"}),
    Fault(500, "GET /audit", body="boom"),
    Fault(200, "GET /audit", body="<html>no</html>"),
    Fault(200, "GET /audit", body={"data": [{"method": "POST"}]}),
    Fault(200, "GET /audit", body={"data": [], "next": "/audit/requests?x"}),
    Fault(200, "GET /audit", delay_ms=900, times=1),
)

RECORD = (
    b'{"request":{"id":"a","method":"GET","uri":"/x","headers":{"host":"h"}},"response":{"status":200},'
    b'"latencies":{},"tries":[],"client_ip":"198.51.100.7","started_at":1790553612043}'
)


def _intent(number: int, match: Match, action: BlockAction = BlockAction.BLOCK) -> BlockIntent:
    rate = RateLimitSpec(100, 60) if action is BlockAction.RATE_LIMIT else None
    return BlockIntent(f"blk_{number}", match, action, _EXPIRES, "conformance", rate)


INTENTS = (
    _intent(1, Match(networks=(ip_network("198.51.100.7/32"), ip_network("2001:db8::/48")))),
    _intent(2, Match(networks=(ip_network("203.0.113.0/24"),))),
    _intent(3, Match(methods=("GET",), path_templates=("/payments/{id}",))),
    _intent(4, Match(consumers=("mobile-app",))),
    _intent(5, Match(headers=(HeaderMatch("User-Agent", "evil", "contains"),))),
    _intent(6, Match(path_templates=("/catalog/search",)), BlockAction.RATE_LIMIT),
    _intent(7, Match(hosts=("partners.acme.example",), networks=(ip_network("192.0.2.0/24"),))),
)


@contextmanager
def subject() -> Iterator[Subject]:
    """The double with the sample company's estate."""
    options = ["--admin-token", "t0ken", "--portcullis-token", "ours", "--audit-log", "--seed"]
    ports = ("--admin-port", "--proxy-port")
    with running_double("connectors.testkit.doubles.kong", options, ports) as double:
        settings = KongSettings(admin_url=double.control_url, admin_token="ours")
        customer = KongSettings(admin_url=double.control_url, admin_token="t0ken")
        egress = local_egress(*double.ports, timeout=0.6)

        def make(capability: Capability) -> object:
            return implementation("kong", capability)(settings, egress)

        numbers = count()
        target = Target("workspace:default", "Workspace default", "kong_workspace")
        yield Subject(
            key="kong",
            make=make,
            order=double.order,
            behave=double.behave,
            provoke=lambda: implementation("kong", Capability.ENFORCE)(settings, egress).read_state(target),
            faults=FAULTS,
            intents=INTENTS,
            change=lambda: AdminApi(customer, egress).exchange(
                "POST", "/services", {"name": f"made-{next(numbers)}", "host": "backend.test"}
            ),
            change_faults=CHANGE_FAULTS,
            sources=("kong.http_log",),
            pushes=(RECORD, b"[" + RECORD + b"]"),
        )
