"""A Google Cloud project in this process: its API and its load balancers, without sockets."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import Client, TestResponse

from connectors.testkit.doubles.gcp.address_groups import AddressGroups
from connectors.testkit.doubles.gcp.api import Api
from connectors.testkit.doubles.gcp.audit import Audit
from connectors.testkit.doubles.gcp.compute import Compute
from connectors.testkit.doubles.gcp.log_entries import LogStore
from connectors.testkit.doubles.gcp.proxy import Proxy
from connectors.testkit.doubles.gcp.security_policies import Policies, Quotas
from connectors.testkit.doubles.gcp.store import Store
from connectors.testkit.doubles.google.accounts import GRANT, Accounts
from connectors.testkit.doubles.serving import wsgi
from connectors.testkit.doubles.upstream import Upstream

PROJECT = "acme-shop"
EVERYONE = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}


class Project:
    """One project with an owner's token; ``store.operation_seconds`` is 0: a change is there when it is asked for."""

    def __init__(self, *, enterprise: bool = True, list_calls: int = 0, seconds: float = 0.0) -> None:
        self.store = Store(PROJECT, seconds)
        self.groups = AddressGroups(PROJECT, enterprise)
        self.logs = LogStore(PROJECT, list_calls)
        audit = Audit(self.logs, PROJECT)
        policies = Policies(self.store, Quotas(12, 4), self.groups.known)
        self.accounts = Accounts(PROJECT)
        compute = Compute(self.store, policies, audit, set())
        self.api = Client(wsgi(Api(self.accounts, compute, self.groups, self.logs, audit).answer))
        proxy = Proxy(self.store, self.groups, self.logs, Upstream("http://127.0.0.1:9"))
        self.proxy = Client(wsgi(proxy.answer))
        self.key_of, _ = self.accounts.make("owner", None)
        self.token = self.accounts.token_for(self.key_of)

    def send(self, method: str, path: str, body: Any = None, token: str = "") -> TestResponse:
        """One request of an API client; paths without a slash in front are compute's of this project."""
        full = path if path.startswith("/") else f"/compute/v1/projects/{PROJECT}/{path}"
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.api.open(full, method=method, json=body, headers=headers)

    def made(self, path: str, body: dict[str, Any]) -> None:
        """A resource that must be taken."""
        answer = self.send("POST", path, body)
        assert answer.status_code == 200, answer.get_json()

    def rule(self, **rule: Any) -> TestResponse:
        """Add a rule to the policy ``shop``."""
        return self.send("POST", "global/securityPolicies/shop/addRule", rule)

    def ask(self, path: str = "/", method: str = "GET", address: str = "203.0.113.7", **headers: str) -> int:
        """The status a client gets from the load balancer ``shop``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Host": "shop.example", "X-Double-Client-Ip": address, **named}
        return self.proxy.open(path, method=method, headers=sent).status_code

    def entries(self, filter_: str = "", **asked: Any) -> dict[str, Any]:
        """``entries:list``."""
        body = {"resourceNames": [f"projects/{PROJECT}"], "filter": filter_, **asked}
        answer = self.send("POST", "/v2/entries:list", body)
        assert answer.status_code == 200, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        return found

    def grant(self, **claims: Any) -> TestResponse:
        """Exchange a JWT of a new account."""
        account, document = self.accounts.make("reader", {"compute.securityPolicies.list"})
        now = int(time.time())
        said = {
            "iss": account.email,
            "aud": "http://localhost/token",
            "iat": now,
            "exp": now + 3600,
            "scope": "https://www.googleapis.com/auth/cloud-platform",
        } | claims
        key = claims.pop("key", None) or RSAKey.import_key(document["private_key"])
        said.pop("key", None)
        assertion = jwt.encode({"alg": "RS256", "kid": account.key.kid}, said, key)
        return self.api.post("/token", data={"grant_type": GRANT, "assertion": assertion})


def with_shop(project: Project) -> Project:
    """The project with one policy on one backend service behind one load balancer."""
    project.made("global/securityPolicies", {"name": "shop"})
    prefix = f"projects/{PROJECT}/global"
    backend = {
        "name": "web",
        "securityPolicy": f"{prefix}/securityPolicies/shop",
        "logConfig": {"enable": True},
    }
    project.made("global/backendServices", backend)
    project.made("global/urlMaps", {"name": "shop", "defaultService": f"{prefix}/backendServices/web"})
    return project


@pytest.fixture
def project() -> Project:
    """A project with the shop."""
    return with_shop(Project())


@pytest.fixture
def made_project() -> Callable[..., Project]:
    """A project with the shop and chosen limits."""
    return lambda **options: with_shop(Project(**options))
