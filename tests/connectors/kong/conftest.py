"""One Kong double for the package's tests; every test leaves it as it found it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.egress import Egress
from connectors.kong.form import KongSettings
from connectors.testkit.asking import client_status
from connectors.testkit.running import RunningDouble, local_egress, running_double


class Kong:
    """The running double: its settings, egress, and a customer's hands on its Admin API."""

    def __init__(self, double: RunningDouble) -> None:
        self.double = double
        self.settings = KongSettings(admin_url=double.control_url, admin_token="t0ken")
        self.egress: Egress = local_egress(*double.ports)
        self.proxy = f"http://127.0.0.1:{double.ports[1]}"

    def admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the customer does by hand."""
        request = urllib.request.Request(
            self.settings.admin_url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Kong-Admin-Token": "t0ken", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def all(self, collection: str) -> list[dict[str, Any]]:
        """Every entity of a collection."""
        return list(self.admin("GET", f"/{collection}?size=1000")["data"])

    def call(self, method: str, path: str, host: str = "shop.acme.example", **headers: str) -> int:
        """The status a client gets at the proxy."""
        return client_status(method, self.proxy + path, host, **headers)


@pytest.fixture(scope="package")
def started_kong() -> Iterator[Kong]:
    """The double with the sample company's estate."""
    options = ["--admin-token", "t0ken", "--seed"]
    with running_double(
        "connectors.testkit.doubles.kong", options, ("--admin-port", "--proxy-port")
    ) as double:
        yield Kong(double)


@pytest.fixture
def kong(started_kong: Kong) -> Iterator[Kong]:
    """The double; plugins and routes made during the test are removed afterwards."""
    before = {
        kind: {entry["id"] for entry in started_kong.all(kind)} for kind in ("plugins", "routes", "consumers")
    }
    yield started_kong
    started_kong.double.behave()
    for kind, known in before.items():
        for entry in started_kong.all(kind):
            if entry["id"] not in known:
                started_kong.admin("DELETE", f"/{kind}/{entry['id']}")
