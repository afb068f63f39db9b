"""Envoy's subject for the conformance suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.base.errors import PermissionMissing, SettingsError, TransientError, VendorAnswerError
from connectors.base.registry import implementation
from connectors.envoy.client import Admin
from connectors.envoy.manifest import EnvoySettings
from connectors.testkit.conformance import FaultCase, Subject
from connectors.testkit.running import Fault, local_egress, running_double

_ROUTES = "GET /config_dump[?]resource=*_route_configs"


def _case(name: str, status: int, raises: Any, **more: Any) -> FaultCase:
    return FaultCase(name, Fault(status, _ROUTES, **more), "services", raises)


FAULTS = (
    _case("unauthorised", 401, PermissionMissing),
    _case("forbidden", 403, PermissionMissing),
    _case("missing", 404, SettingsError, body="route_configs not found in config dump"),
    _case("throttled", 429, TransientError),
    _case("failing", 500, TransientError, body="boom"),
    _case("garbage", 200, VendorAnswerError, body="<html>no</html>"),
    _case("wrong_shape", 200, VendorAnswerError, body={"configs": [1, 2]}),
    _case("partial_page", 200, VendorAnswerError, body='{"configs": [{"route_config": {"na'),
    _case("slow", 200, TransientError, delay_ms=900),
)
LINE = b'{"start_time":"2026-11-27T10:00:00Z","method":"GET","path":"/orders/1","response_code":200,"response_flags":"-"}'


@contextmanager
def subject() -> Iterator[Subject]:
    """The double with the sample company's edge."""
    with running_double("connectors.testkit.doubles.envoy", ["--seed"], ("--admin-port",)) as double:
        settings = EnvoySettings(admin_url=double.control_url)
        egress = local_egress(*double.ports, timeout=0.6)
        yield Subject(
            key="envoy",
            make=lambda capability: implementation("envoy", capability)(settings, egress),
            order=double.order,
            behave=double.behave,
            provoke=lambda: Admin(settings, egress).resource("dynamic_route_configs"),
            faults=FAULTS,
            sources=("envoy.json", "envoy.text"),
            pushes=(LINE,),
        )
