"""A Kong double without processes: its two WSGI applications on one store."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from connectors.testkit.doubles.kong.admin import AdminApi
from connectors.testkit.doubles.kong.information import Ports
from connectors.testkit.doubles.kong.proxy import Proxy
from connectors.testkit.doubles.kong.store import Store
from connectors.testkit.doubles.serving import wsgi
from connectors.testkit.doubles.upstream import Upstream


@dataclass
class Node:
    """The Admin API and the proxy of one node."""

    admin: Client
    proxy: Client

    def send(self, method: str, path: str, **body: Any) -> TestResponse:
        """One Admin API request with a JSON body."""
        return self.admin.open(path, method=method, json=body)

    def made(self, path: str, **body: Any) -> dict[str, Any]:
        """POST that must succeed; the entity."""
        answer = self.send("POST", path, **body)
        assert answer.status_code == 201, answer.text
        entity: dict[str, Any] = answer.get_json()
        return entity

    def ask(self, path: str, host: str = "shop", method: str = "GET", **headers: str) -> TestResponse:
        """One request to the proxy; underscores in header names stand for hyphens."""
        given = {
            "Host": host,
            "X-Real-IP": "198.18.1.1",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return self.proxy.open(path, method=method, headers=given)


def node_with(upstream_url: str, token: str = "") -> Node:
    store = Store()
    admin = AdminApi(store, Ports(8001, 8000), frozenset({token} - {""}))
    return Node(
        Client(wsgi(admin.answer)),
        Client(wsgi(Proxy({"default": store}, Upstream(upstream_url), 8000).answer)),
    )


@pytest.fixture
def node() -> Node:
    """An empty node whose upstreams cannot be reached."""
    return node_with("http://127.0.0.1:9")


@pytest.fixture
def node_before() -> Callable[..., Node]:
    """Makes an empty node in front of an upstream URL, optionally with an admin token."""
    return node_with
