"""A running Google Cloud double with the sample company's estate, its service accounts, and a customer's hands on it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from connectors.base.google.keys import service_account_key
from connectors.base.google.tokens import KeyTokens
from connectors.cloudarmor.manifest import CloudArmorSettings
from connectors.cloudarmor.permissions import ALL
from connectors.egress import Egress
from connectors.testkit.asking import client_status, exchange
from connectors.testkit.running import RunningDouble, local_egress, running_double

PROJECT = "acme-shop"
EVERYTHING = tuple(need.action for need in ALL)
SHOP = "projects/acme-shop/global/securityPolicies/shop"
PARTNERS = "projects/acme-shop/global/securityPolicies/partners"
REPORTS = "projects/acme-shop/regions/europe-west1/securityPolicies/reports"


class Cloud:
    """The double: settings for accounts with chosen permissions, its egress, the owner's and clients' requests."""

    def __init__(self, double: RunningDouble) -> None:
        self.double = double
        self.base = double.control_url
        self.proxy = f"http://127.0.0.1:{double.ports[1]}"
        self.egress: Egress = local_egress(*double.ports)
        self._key = self.account(EVERYTHING)
        self._owner = self.token(self.account(None, "customer"))

    def account(self, permissions: Sequence[str] | None, name: str = "portcullis") -> dict[str, Any]:
        """The key file of a new account with these permissions (None: all there are)."""
        body = {"name": name, "permissions": None if permissions is None else list(permissions)}
        made: dict[str, Any] = exchange("POST", f"{self.base}/_double/accounts", body)[1]
        return made

    def settings(self, permissions: Sequence[str] | None = EVERYTHING, **more: Any) -> CloudArmorSettings:
        """Settings of a connection whose account has these permissions."""
        key = self._key if permissions is EVERYTHING else self.account(permissions, "narrow")
        given = {"project_id": PROJECT, "service_account_key": json.dumps(key), "api_url": self.base}
        return CloudArmorSettings.model_validate(given | more)

    def owner(
        self, method: str, path: str, body: Any = None, agent: str = "google-cloud-sdk gcloud/500"
    ) -> Any:
        """What the customer does by hand, waited for; paths are compute's of this project."""
        url = path if path.startswith("http") else f"{self.base}/compute/v1/projects/{PROJECT}/{path}"
        headers = {"Authorization": f"Bearer {self._owner}", "User-Agent": agent}
        status, answer = exchange(method, url, body, headers)
        assert status == 200, answer
        while isinstance(answer, dict) and answer.get("status") in ("PENDING", "RUNNING"):
            time.sleep(0.02)
            scope = answer["selfLink"].partition(f"projects/{PROJECT}/")[2]
            answer = exchange("GET", f"{self.base}/compute/v1/projects/{PROJECT}/{scope}", None, headers)[1]
        return answer

    def policy(self, name: str = "shop") -> dict[str, Any]:
        """A global policy as it stands."""
        found: dict[str, Any] = self.owner("GET", f"global/securityPolicies/{name}")
        return found

    def add_rule(self, priority: int, action: str, policy: str = "shop", **more: Any) -> None:
        """The customer's own rule, by default for everybody."""
        match = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
        rule = {"priority": priority, "action": action, "match": match, "description": "customer"} | more
        self.owner("POST", f"global/securityPolicies/{policy}/addRule", rule)

    def remove_rule(self, priority: int, policy: str = "shop") -> None:
        """Take a rule away."""
        self.owner("POST", f"global/securityPolicies/{policy}/removeRule?priority={priority}")

    def ask(
        self,
        path: str,
        method: str = "GET",
        host: str = "shop.acme.example",
        address: str = "203.0.113.9",
        **headers: str,
    ) -> int:
        """The status a client gets at the load balancer."""
        return client_status(method, self.proxy + path, host, X_Double_Client_Ip=address, **headers)

    def knob(self, method: str, name: str, body: Any = None) -> None:
        """One of the double's own controls."""
        exchange(method, f"{self.base}/_double/{name}", body)

    def token(self, key: dict[str, Any]) -> str:
        """An access token of the account whose key file this is."""
        return KeyTokens(
            service_account_key(json.dumps(key)), self.egress, url=f"{self.base}/token"
        ).current()


@contextmanager
def running_cloud(*options: str) -> Iterator[Cloud]:
    """The double with the sample company's estate and room for many rules."""
    given = ["--seed", "--list-calls", "0", "--expressions", "200", "--operation-ms", "10", *options]
    with running_double("connectors.testkit.doubles.gcp", given, ("--api-port", "--proxy-port")) as double:
        yield Cloud(double)
