"""One Azure double for the package's tests; every test leaves it as it found it."""

from __future__ import annotations

import copy
import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.azure.manifest import AzureSettings
from connectors.base.capabilities import Capability
from connectors.base.enforcement import Target
from connectors.base.registry import implementation
from connectors.egress import Egress
from connectors.testkit.asking import client_status
from connectors.testkit.doubles.azure.estate import (
    ADMIN,
    CLIENT,
    EDGE_WAF,
    GROUP,
    SECRET,
    SUBSCRIPTION,
    TENANT,
    WORKSPACE,
)
from connectors.testkit.doubles.azure.estate_gateway import gateway_policy_id
from connectors.testkit.running import RunningDouble, local_egress, running_double

EVERYTHING = {"actions": ["*"], "notActions": []}
EDGE_TARGET = Target(EDGE_WAF.lower(), "acmeEdge", "front_door_waf", ("edge",))
GATEWAY_WAF = gateway_policy_id(GROUP)
GATEWAY_TARGET = Target(GATEWAY_WAF.lower(), "acme-gw-waf", "application_gateway_waf", ("gateway",))
VERSIONS = {EDGE_WAF: "2026-04-01", GATEWAY_WAF: "2026-03-01"}


class Azure:
    """The running double: settings, egress, and a customer's hands on its API and its knobs."""

    def __init__(self, double: RunningDouble) -> None:
        self.double = double
        self.url = double.control_url
        self.egress: Egress = local_egress(*double.ports)
        self.settings = self.settings_with()
        self.proxy = f"http://127.0.0.1:{double.ports[1]}"
        self._token = ""

    def settings_with(self, **changes: Any) -> AzureSettings:
        """The application's settings, with changes."""
        given: dict[str, Any] = {
            "tenant_id": TENANT,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "subscriptions": [SUBSCRIPTION],
            "workspace_id": WORKSPACE,
            "login_url": self.url,
            "management_url": self.url,
            "logs_url": f"{self.url}/loganalytics",
        }
        return AzureSettings(**(given | changes))

    def make(self, capability: Capability) -> Any:
        """A capability with working settings."""
        return implementation("azure", capability)(self.settings, self.egress)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and document of one request to the control listener."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                content, status = answer.read(), answer.status
        except urllib.error.HTTPError as error:
            content, status = error.read(), error.code
            error.close()
        return status, json.loads(content) if content else None

    def token(self, **changes: str) -> tuple[int, Any]:
        """What Entra answers to the administrator's application."""
        form = {
            "grant_type": "client_credentials",
            "client_id": ADMIN,
            "client_secret": SECRET,
            "scope": "https://management.azure.com/.default",
            "tenant": TENANT,
        } | changes
        tenant = form.pop("tenant")
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", f"/{tenant}/oauth2/v2.0/token", urlencode(form).encode(), **kind)

    def admin(
        self, method: str, path: str, version: str, body: Any = None, query: str = ""
    ) -> tuple[int, Any]:
        """What the customer does by hand."""
        if not self._token:
            self._token = self.token()[1]["access_token"]
        address = f"{path}?api-version={version}{query}" if version else path
        return self.ask(method, address, body, Authorization=f"Bearer {self._token}")

    def policy(self, path: str = EDGE_WAF) -> dict[str, Any]:
        """A WAF policy as it is now."""
        status, document = self.admin("GET", path, VERSIONS[path])
        assert status == 200, document
        return dict(document)

    def replace(self, document: dict[str, Any], path: str = EDGE_WAF) -> None:
        """The customer writes a policy and waits until it is in force."""
        held = {key: value for key, value in document.items() if key not in ("etag", "id", "name", "type")}
        status, answer = self.admin("PUT", path, VERSIONS[path], held)
        assert status in (200, 201, 202), answer
        self.settle()

    def forget(self) -> None:
        """The double has forgotten all tokens: the customer signs in anew."""
        self._token = ""

    def settle(self) -> None:
        """Every running write ends."""
        self.ask("POST", "/_double/settle")

    def roles(self, *roles: dict[str, Any]) -> None:
        """What Portcullis's application may do from now on."""
        self.ask("POST", "/_double/roles", {CLIENT: list(roles)})

    def call(self, method: str, path: str, host: str, **headers: str) -> int:
        """The status a client gets at the edge or the gateway."""
        return client_status(method, self.proxy + path, host, **headers)


@pytest.fixture(scope="package")
def started_azure() -> Iterator[Azure]:
    """The double with the sample company's estate, two entries to a page."""
    with running_double(
        "connectors.testkit.doubles.azure", ["--seed", "--page", "2"], ("--port", "--proxy-port")
    ) as double:
        yield Azure(double)


@pytest.fixture
def azure(started_azure: Azure) -> Iterator[Azure]:
    """The double; policies, roles and logs are afterwards as before."""
    before = {path: copy.deepcopy(started_azure.policy(path)) for path in VERSIONS}
    yield started_azure
    started_azure.double.behave()
    started_azure.settle()
    started_azure.roles(EVERYTHING)
    for path, document in before.items():
        if started_azure.policy(path)["properties"] != document["properties"]:
            started_azure.replace(document, path)
    started_azure.ask("DELETE", "/_double/logs")
