"""A running Apigee double with the sample company's estate, its service accounts, and a customer's hands on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from connectors.apigee.manifest import ApigeeSettings
from connectors.apigee.permissions import ALL
from connectors.base.google.api import Upload
from connectors.base.google.keys import service_account_key
from connectors.base.google.tokens import KeyTokens
from connectors.egress import Egress
from connectors.testkit.asking import client_status, exchange
from connectors.testkit.running import RunningDouble, local_egress, running_double

ORGANIZATION = "acme-apis"
NAME = f"organizations/{ORGANIZATION}"
EVERYTHING = tuple(need.action for need in ALL)


class Gateway:
    """The double: settings for accounts with chosen permissions, its egress, the owner's and clients' requests."""

    def __init__(self, double: RunningDouble) -> None:
        self.double = double
        self.base = double.control_url
        self.proxy = f"http://127.0.0.1:{double.ports[1]}"
        self.egress: Egress = local_egress(*double.ports)
        self._key = self.account(EVERYTHING)
        owner = service_account_key(json.dumps(self.account(None, "customer")))
        self.token = KeyTokens(owner, self.egress, url=f"{self.base}/token").current()

    def account(self, permissions: Sequence[str] | None, name: str = "portcullis") -> dict[str, Any]:
        """The key file of a new account with these permissions (None: all there are)."""
        body = {"name": name, "permissions": None if permissions is None else list(permissions)}
        made: dict[str, Any] = exchange("POST", f"{self.base}/_double/accounts", body)[1]
        return made

    def settings(self, permissions: Sequence[str] | None = EVERYTHING, **more: Any) -> ApigeeSettings:
        """Settings of a connection whose account has these permissions."""
        key = self._key if permissions is EVERYTHING else self.account(permissions, "narrow")
        given = {"organization": ORGANIZATION, "service_account_key": json.dumps(key), "api_url": self.base}
        return ApigeeSettings.model_validate(given | more)

    def owner(self, method: str, path: str, body: Any = None) -> Any:
        """What the customer does by hand, below the organization."""
        headers = {"Authorization": f"Bearer {self.token}"}
        status, answer = exchange(method, f"{self.base}/v1/{NAME}{path}", body, headers)
        assert status == 200, answer
        return answer

    def actions(self, environment: str = "prod") -> dict[str, dict[str, Any]]:
        """All security actions of an environment by their id."""
        found = self.owner("GET", f"/environments/{environment}/securityActions").get("securityActions", [])
        return {entry["name"].rpartition("/")[2]: entry for entry in found}

    def act(self, name: str, environment: str = "prod", **members: Any) -> None:
        """The customer's own security action, by default one that denies an address."""
        given: dict[str, Any] = {
            "state": "ENABLED",
            "conditionConfig": {"ipAddressRanges": ["192.0.2.1"]},
        } | members
        if not {"allow", "deny", "flag"} & set(given):
            given["deny"] = {}
        self.owner("POST", f"/environments/{environment}/securityActions?securityActionId={name}", given)

    def unact(self, name: str, environment: str = "prod") -> None:
        """The customer removes an action."""
        self.owner("DELETE", f"/environments/{environment}/securityActions/{name}")

    def ask(
        self,
        path: str,
        method: str = "GET",
        host: str = "shop.acme.example",
        address: str = "203.0.113.9",
        **headers: str,
    ) -> int:
        """The status a client gets; 502 is a request that came through to a target."""
        return client_status(method, self.proxy + path, host, X_Double_Client_Ip=address, **headers)

    def hook(self, name: str = "PreProxyFlowHook", environment: str = "prod") -> dict[str, Any]:
        """What is attached to a hook."""
        found: dict[str, Any] = self.owner("GET", f"/environments/{environment}/flowhooks/{name}")
        return {key: value for key, value in found.items() if key != "flowHookPoint"}

    def attach(
        self, flow: str, name: str = "PreProxyFlowHook", environment: str = "prod", **members: Any
    ) -> None:
        """The customer attaches a shared flow."""
        body = {"sharedFlow": flow, **members}
        self.owner("PUT", f"/environments/{environment}/flowhooks/{name}", body)

    def detach(self, name: str = "PreProxyFlowHook", environment: str = "prod") -> None:
        """The customer detaches whatever is attached."""
        self.owner("DELETE", f"/environments/{environment}/flowhooks/{name}")

    def put_flow(self, name: str, archive: bytes, environment: str = "prod") -> None:
        """The customer imports a shared flow and deploys it."""
        form, body = Upload(f"{name}.zip", archive).encoded()
        headers = {"authorization": f"Bearer {self.token}", "content-type": form}
        place = f"{self.base}/v1/{NAME}"
        sent = self.egress.request(
            "POST", f"{place}/sharedflows?action=import&name={name}", headers=headers, content=body
        )
        assert sent.status == 200, sent.content
        revision = sent.json()["revision"]
        at = f"/environments/{environment}/sharedflows/{name}/revisions/{revision}/deployments"
        self.owner("POST", f"{at}?override=true")
        self.owner("GET", at)  # from the second look on it is ready

    def clear_flows(self) -> None:
        """The customer takes everything away that a test may have left: hooks, our map, shared flows but the company's."""
        for environment in ("prod", "partners", "test"):
            for hook in ("PreProxyFlowHook", "PreTargetFlowHook"):
                self.detach(hook, environment)
            url = f"{self.base}/v1/{NAME}/environments/{environment}/keyvaluemaps/portcullis-enforcer"
            exchange("DELETE", url, None, {"Authorization": f"Bearer {self.token}"})
        for flow in self.owner("GET", "/sharedflows")["sharedFlows"]:
            if flow["name"] != "auth":
                self.drop_flow(flow["name"])

    def drop_flow(self, name: str) -> None:
        """The customer undeploys and deletes a shared flow."""
        for entry in self.owner("GET", "/deployments?sharedFlows=true").get("deployments", []):
            if entry["apiProxy"] == name:
                at = f"/environments/{entry['environment']}/sharedflows/{name}/revisions/{entry['revision']}"
                self.owner("DELETE", f"{at}/deployments")
        self.owner("DELETE", f"/sharedflows/{name}")

    def entries(self, environment: str = "prod") -> dict[str, str]:
        """The entries of our map by their key."""
        found = self.owner("GET", f"/environments/{environment}/keyvaluemaps/portcullis-enforcer/entries")
        return {entry["name"]: entry["value"] for entry in found.get("keyValueEntries", [])}

    def estate(self, environment: str = "prod") -> dict[str, Any]:
        """All that a shared flow of ours could have changed, as the customer sees it."""
        found = {
            "hooks": [self.hook(name, environment) for name in ("PreProxyFlowHook", "PreTargetFlowHook")],
            "deployed": self.owner("GET", "/deployments?sharedFlows=true"),
            "flows": self.owner("GET", "/sharedflows?includeRevisions=true"),
        }
        url = f"{self.base}/v1/{NAME}/environments/{environment}/keyvaluemaps/portcullis-enforcer/entries"
        status, answer = exchange("GET", url, None, {"Authorization": f"Bearer {self.token}"})
        return {**found, "map": answer if status == 200 else None}

    def knob(self, method: str, name: str, body: Any = None) -> None:
        """One of the double's own controls."""
        exchange(method, f"{self.base}/_double/{name}", body)


@contextmanager
def running_gateway(*options: str) -> Iterator[Gateway]:
    """The double with the sample company's estate."""
    given = ["--seed", "--list-calls", "0", *options]
    with running_double("connectors.testkit.doubles.apigee", given, ("--api-port", "--proxy-port")) as double:
        yield Gateway(double)
