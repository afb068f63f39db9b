"""Cloudflare doubles for the package's tests: one shared, left as found, and fresh ones where a test changes much."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.cloudflare.manifest import CloudflareSettings
from connectors.egress import Egress
from connectors.testkit.asking import client_status
from connectors.testkit.running import RunningDouble, local_egress, running_double

ACCOUNT = "9a7806061c88ada191ed06f989cc3dac"
TOKEN = "acme-admin-token"
CUSTOM, RATE = "http_request_firewall_custom", "http_ratelimit"


class Refused(Exception):
    """The API said no: status, code and message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status, self.code, self.message = status, code, message


class Cloudflare:
    """A running double and a customer's hands on its API."""

    def __init__(self, double: RunningDouble) -> None:
        self.double = double
        self.url = f"{double.control_url}/client/v4"
        self.egress: Egress = local_egress(*double.ports)
        self.settings = CloudflareSettings(api_url=self.url, api_token=TOKEN, account_id=ACCOUNT)
        self.edge = f"http://127.0.0.1:{double.ports[1]}"

    def send(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> Any:
        """What the customer does by hand; the answer's ``result``."""
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"authorization": f"Bearer {token}", "user-agent": "Mozilla/5.0"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.loads(answer.read())["result"]
        except urllib.error.HTTPError as error:
            with error:
                said = json.loads(error.read())["errors"][0]
            raise Refused(error.code, said["code"], said["message"]) from None

    def zone(self, name: str = "acme.example") -> str:
        """A zone's id by its name."""
        return str(self.send("GET", f"/zones?name={name}")[0]["id"])

    def new_zone(self, name: str, plan: str, **more: Any) -> str:
        """A zone on a plan, with nothing in it."""
        return str(self.send("POST", "/zones", {"name": name, "plan": plan, **more})["id"])

    def entry(self, phase: str = CUSTOM, zone: str = "") -> dict[str, Any]:
        """The entry point of a phase."""
        return dict(self.send("GET", f"/zones/{zone or self.zone()}/rulesets/phases/{phase}/entrypoint"))

    def put_entry(self, rules: list[dict[str, Any]], phase: str = CUSTOM, zone: str = "") -> dict[str, Any]:
        """Make a phase's rules exactly these."""
        path = f"/zones/{zone or self.zone()}/rulesets/phases/{phase}/entrypoint"
        return dict(self.send("PUT", path, {"rules": rules}))

    def settled(self, operation: dict[str, str]) -> None:
        """Wait until a bulk operation is done."""
        path = f"/accounts/{ACCOUNT}/rules/lists/bulk_operations/{operation['operation_id']}"
        while self.send("GET", path)["status"] != "completed":
            time.sleep(0.02)

    def events(self, fields: str) -> list[dict[str, Any]]:
        """Firewall events of the last minutes, the newest first."""
        now = datetime.now(UTC)
        query = (
            "query Q($zone: string, $filter: X) { viewer { zones(filter: {zoneTag: $zone}) { "
            "firewallEventsAdaptive(limit: 1000, filter: $filter, orderBy: [datetime_DESC]) { "
            + fields
            + " } } } }"
        )
        span = {"datetime_geq": now - timedelta(minutes=5), "datetime_lt": now + timedelta(minutes=5)}
        variables = {"zone": self.zone(), "filter": {name: at.isoformat() for name, at in span.items()}}
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"{self.url}/graphql", data=body, headers={"authorization": f"Bearer {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            found = json.loads(answer.read())["data"]["viewer"]["zones"][0]["firewallEventsAdaptive"]
        return list(found)

    def token(self, name: str, *scopes: str) -> str:
        """A token that holds these permission groups."""
        body = json.dumps({"token": name, "scopes": scopes}).encode()
        request = urllib.request.Request(
            f"{self.double.control_url}/_double/tokens", data=body, method="POST"
        )
        urllib.request.urlopen(request, timeout=5).close()
        return name

    def call(self, method: str, path: str, host: str = "shop.acme.example", **headers: str) -> int:
        """The status a client gets at the edge; 502 means that it was let through to a backend that is not there."""
        return client_status(method, self.edge + path, host, **headers)


@contextmanager
def running_cloudflare(*options: str) -> Iterator[Cloudflare]:
    """A double with the given options."""
    ports = ("--api-port", "--edge-port")
    with running_double("connectors.testkit.doubles.cloudflare", list(options), ports) as double:
        yield Cloudflare(double)


@pytest.fixture(scope="package")
def shared() -> Iterator[Cloudflare]:
    """The double with the sample company's estate."""
    with running_cloudflare("--seed", "--budget", "100000") as double:
        yield double


@pytest.fixture
def cloudflare(shared: Cloudflare) -> Iterator[Cloudflare]:
    """The shared double; faults are forgotten and the rules of both phases put back afterwards."""
    before = shared.entry()["rules"]
    yield shared
    shared.double.behave()
    kept = ("action", "action_parameters", "expression", "description", "ref", "enabled")
    shared.put_entry([{name: rule[name] for name in kept if name in rule} for rule in before])
    for phase in (RATE,):
        shared.put_entry([], phase)
    for entry in shared.send("GET", f"/accounts/{ACCOUNT}/rules/lists"):
        shared.send("DELETE", f"/accounts/{ACCOUNT}/rules/lists/{entry['id']}")


@pytest.fixture
def fresh() -> Iterator[Callable[..., Cloudflare]]:
    """Makes a double of the test's own."""
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(running_cloudflare(*options))
