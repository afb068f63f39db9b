"""Apigee's subject for the conformance suite."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from connectors.apigee.bundle import opened
from connectors.apigee.client import Organization
from connectors.apigee.reading import list_actions, read_deployments, read_named
from connectors.base.capabilities import Capability
from connectors.base.errors import PermissionMissing, SettingsError, TransientError, VendorAnswerError
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match
from connectors.base.registry import implementation
from connectors.testkit.conformance import FaultCase, Subject
from connectors.testkit.running import Fault, local_egress


def _world() -> Any:
    """The neighbour file ``world.py``: this one is loaded by its path."""
    spec = importlib.util.spec_from_file_location("apigee_world", Path(__file__).with_name("world.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _error(status: int, reason: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": "no", "errors": [{"reason": reason, "message": "no"}]}}


_DEPLOYMENTS = "GET organizations/acme-apis/deployments"
_ACTIONS = "GET environments/*/securityActions"
FAULTS = (
    FaultCase("unauthorised", Fault(401, _DEPLOYMENTS, body=_error(401, "authError")), "services", SettingsError),
    FaultCase("forbidden", Fault(403, _DEPLOYMENTS, body=_error(403, "forbidden")), "routes", PermissionMissing),
    FaultCase("throttled", Fault(429, _DEPLOYMENTS, headers={"Retry-After": "1"}), "stages", TransientError),
    FaultCase("failing", Fault(500, _DEPLOYMENTS, body="boom"), "upstreams", TransientError),
    FaultCase("garbage", Fault(200, _DEPLOYMENTS, body="<html>no</html>"), "services", VendorAnswerError),
    FaultCase("nameless", Fault(200, _DEPLOYMENTS, body={"deployments": [{}]}), "routes", VendorAnswerError),
    FaultCase("slow", Fault(200, _DEPLOYMENTS, delay_ms=1500, times=2), "services", TransientError),
    FaultCase("a_broken_bundle", Fault(200, "GET */revisions/*", body="PK"), "routes", VendorAnswerError),
    FaultCase("actions_forbidden", Fault(403, _ACTIONS, body=_error(403, "forbidden")), "waf", PermissionMissing),
    FaultCase("apps_failing", Fault(503, "GET */apps"), "consumers", TransientError),
    FaultCase("no_organization", Fault(200, "GET v1/organizations/acme-apis", body={}), "settings", VendorAnswerError),
)  # fmt: skip


_ENDS = datetime(2996, 12, 1, 10, 7, 30, tzinfo=UTC)


def _intent(
    number: int, match: Match, action: BlockAction = BlockAction.BLOCK, ends: datetime = _ENDS
) -> BlockIntent:
    return BlockIntent(f"blk_{number}", match, action, ends, "conformance")


INTENTS = (
    _intent(1, Match(networks=(ip_network("198.51.100.7/32"), ip_network("2001:db8::/48")))),
    _intent(2, Match(networks=tuple(ip_network(f"10.0.{number}.0/25") for number in range(256)))),
    _intent(3, Match(networks=(ip_network("203.0.113.0/24"),)), ends=_ENDS + timedelta(hours=1)),
    _intent(4, Match(networks=(ip_network("192.0.2.0/24"),)), BlockAction.COUNT),
    _intent(5, Match(countries=("KP",), asns=(64500, 64501)), BlockAction.COUNT),
    _intent(6, Match(headers=(HeaderMatch("User-Agent", "evil/1"),))),
    _intent(7, Match(networks=(ip_network("198.51.100.0/24"),), methods=("POST", "DELETE"))),
    _intent(8, Match(consumers=("partner-globex", "web-shop"))),
    _intent(9, Match(path_templates=("/payments/{rest+}",))),
)


@contextmanager
def subject(enforcer: str = "both", intents: Sequence[BlockIntent] = INTENTS) -> Iterator[Subject]:
    """The double with the sample company's estate; blocks are pushed by the enforcer that the settings name."""
    with _world().running_gateway() as gateway:
        settings = gateway.settings(enforcer=enforcer)
        egress = local_egress(*gateway.double.ports, timeout=1.0)

        def make(capability: Capability) -> Any:
            made = implementation("apigee", capability)
            if capability is Capability.ENFORCE:
                return made(settings, egress, sleep=lambda seconds: None)
            return made(settings, egress)

        def change() -> None:
            gateway.act("customers")
            gateway.unact("customers")

        def provoke() -> None:
            """Every kind of read that a fault is ordered for."""
            organization = Organization(settings, egress)
            read_named(organization)
            read_deployments(organization)
            list_actions(organization, "prod")
            opened(organization.bundle("apis", "payments", "3"), "payments")
            organization.entries("/apps", "app", "apigee.apps.list")

        yield Subject(
            key="apigee",
            make=make,
            order=gateway.double.order,
            behave=gateway.double.behave,
            provoke=provoke,
            faults=FAULTS,
            intents=intents,
            sources=("apigee.messages",),
            change=change,
            change_faults=(
                Fault(403, "POST v2/entries:list", body=_error(403, "forbidden")),
                Fault(429, "POST v2/entries:list"),
                Fault(200, "POST v2/entries:list", body="<html>"),
                Fault(200, "POST v2/entries:list", body={"entries": [{"insertId": "x"}]}),
            ),
        )
