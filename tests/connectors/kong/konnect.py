"""A running Konnect double and hands on it, for the tests of control planes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.egress import Egress
from connectors.kong.form import KongSettings
from connectors.testkit.asking import client_status, exchange
from connectors.testkit.doubles.konnect.__main__ import CONTROL_PLANE, READER, TOKEN
from connectors.testkit.running import RunningDouble, local_egress, running_double


class Konnect:
    """The double: settings, egress, and a customer's hands on the control plane's entities."""

    def __init__(self, double: RunningDouble) -> None:
        self.double = double
        self.settings = self.with_(control_plane=CONTROL_PLANE)
        self.reader = self.with_(control_plane=CONTROL_PLANE, admin_token=READER)
        self.egress: Egress = local_egress(*double.ports)

    def with_(self, **changes: Any) -> KongSettings:
        """Settings for this double."""
        given = {"reached_by": "konnect", "konnect_url": self.double.control_url, "admin_token": TOKEN}
        return KongSettings(**{**given, **changes})

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body of a request with the administrator's token."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return exchange(method, self.double.control_url + path, body, headers)

    def plane(self, name: str = CONTROL_PLANE) -> str:
        """The id of a control plane."""
        _, found = self.ask("GET", f"/v2/control-planes?filter[name][eq]={name}")
        return str(found["data"][0]["id"])

    def entity(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A request about the control plane's entities."""
        return self.ask(method, f"/v2/control-planes/{self.plane()}/core-entities{path}", body)

    def call(self, method: str, path: str, host: str = "shop.acme.example", **headers: str) -> int:
        """The status a client gets at the data plane."""
        return client_status(method, f"http://127.0.0.1:{self.double.ports[1]}{path}", host, **headers)


@contextmanager
def running(*options: str) -> Iterator[Konnect]:
    """The double with the sample company's estate."""
    module, ports = "connectors.testkit.doubles.konnect", ("--api-port", "--proxy-port")
    with running_double(module, ["--seed", *options], ports) as double:
        yield Konnect(double)
