"""An Apigee organisation in this process: its API and its proxies, without sockets."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from connectors.testkit.doubles.apigee.api import Api
from connectors.testkit.doubles.apigee.estate import ORGANISATION, seed
from connectors.testkit.doubles.apigee.flow_runtime import FlowRuntime
from connectors.testkit.doubles.apigee.proxy import Proxy
from connectors.testkit.doubles.apigee.store import Store
from connectors.testkit.doubles.gcp.log_entries import LogStore
from connectors.testkit.doubles.google.accounts import Accounts
from connectors.testkit.doubles.serving import wsgi
from connectors.testkit.doubles.upstream import Upstream


class Organisation:
    """The sample company's organisation with an owner's token."""

    def __init__(self) -> None:
        self.store = Store(ORGANISATION)
        seed(self.store)
        self.logs = LogStore(ORGANISATION, 0)
        self.accounts = Accounts(ORGANISATION)
        self.api = Client(wsgi(Api(self.accounts, self.store, self.logs).answer))
        self.flows = FlowRuntime(self.store)
        proxy = Proxy(self.store, self.logs, Upstream("http://127.0.0.1:9"), self.flows)
        self.proxy = Client(wsgi(proxy.answer))
        self.token = self.accounts.token_for(self.accounts.make("owner", None)[0])

    def send(self, method: str, path: str, body: Any = None, token: str = "") -> TestResponse:
        """One request of an API client, below the organisation."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.api.open(
            f"/v1/organizations/{ORGANISATION}{path}", method=method, json=body, headers=headers
        )

    def put_flow(self, name: str, archive: bytes) -> TestResponse:
        """Import a shared flow as a form."""
        return self.api.post(
            f"/v1/organizations/{ORGANISATION}/sharedflows?action=import&name={name}",
            data={"file": (io.BytesIO(archive), "flow.zip")},
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def act(self, name: str, **members: Any) -> TestResponse:
        """Create a security action in ``prod``, by default one that denies an address."""
        given = {"state": "ENABLED", "conditionConfig": {"ipAddressRanges": ["198.51.100.0/24"]}} | members
        if not {"allow", "deny", "flag"} & set(given):
            given["deny"] = {}
        return self.send("POST", f"/environments/prod/securityActions?securityActionId={name}", given)

    def ask(self, path: str = "/catalog/products", address: str = "198.51.100.7", **headers: str) -> int:
        """The status a client gets; 502 is a request that came through to a target."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Host": "shop.acme.example", "X-Double-Client-Ip": address, **named}
        return self.proxy.get(path, headers=sent).status_code


@pytest.fixture
def organisation() -> Iterator[Organisation]:
    """A fresh organisation."""
    made = Organisation()
    yield made
    made.flows.engine.close()
