"""From the wizard to the vendor: our issuer over HTTP, the doubles that fetch its keys, and whoever else is turned away."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from connectors.base.capabilities import Capability
from connectors.testkit.asking import exchange
from connectors.testkit.doubles.azure.estate import CLIENT, SUBSCRIPTION, TENANT
from connectors.testkit.running import RunningDouble, running_double
from controlplane.connections import services as connections
from controlplane.connections.models import Connection
from controlplane.federation import keys
from controlplane.federation.services import identity_of
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests import clients
from tests.isolation.contents import rows
from tests.live import serving

POOL = "projects/123456789/locations/global/workloadIdentityPools/portcullis"
ACCOUNT = "portcullis@acme-shop.iam.gserviceaccount.com"


@dataclass
class Vendor:
    """A vendor's double: what is entered into the form, and how its customer trusts an issuer and a subject."""

    connector: str
    double: RunningDouble
    settings: dict[str, Any]

    def trust(self, issuer: str, subject: str, *, wide: bool = False) -> None:
        """What the set-up text does, or a trust that every workspace's subject fits."""
        url = f"{self.double.control_url}/_double"
        if self.connector == "azure":
            who = {"matches": "workspace:*"} if wide else {"subject": subject}
            credential = {"issuer": issuer, "audiences": ["api://AzureADTokenExchange"], **who}
            exchange("POST", f"{url}/federation", {CLIENT: [credential]})
            exchange("POST", f"{url}/tokens", {"lifetime": 3599})
            return
        exchange("POST", f"{url}/accounts", {"name": "portcullis", "permissions": None})
        condition = "" if wide else f"assertion.sub == '{subject}'"
        provider = {"issuer": issuer, "condition": condition}
        member = f"principal://iam.googleapis.com/{POOL}/subject/{subject}"
        body = {"providers": {self.settings["workload_provider"]: provider}, "members": {ACCOUNT: [member]}}
        exchange("POST", f"{url}/federation", body)


def _google() -> tuple[str, tuple[str, str], dict[str, Any]]:
    settings = {
        "project_id": "acme-shop",
        "workload_provider": f"{POOL}/providers/con-1",
        "federated_account": ACCOUNT,
    }
    return "connectors.testkit.doubles.gcp", ("--api-port", "--proxy-port"), settings


def _azure() -> tuple[str, tuple[str, str], dict[str, Any]]:
    settings = {"tenant_id": TENANT, "client_id": CLIENT, "subscriptions": [SUBSCRIPTION]}
    return "connectors.testkit.doubles.azure", ("--port", "--proxy-port"), settings


@pytest.fixture(params=["cloudarmor", "azure"])
def vendor(request: pytest.FixtureRequest, settings: Any) -> Iterator[Vendor]:
    connector = str(request.param)
    module, ports, given = _azure() if connector == "azure" else _google()
    with running_double(module, ["--seed"], ports) as double:
        names = ("login_url", "management_url") if connector == "azure" else ("api_url",)
        given |= {"sign_in": "federation", **dict.fromkeys(names, double.control_url)}
        settings.EGRESS_ALLOW = ",".join(f"127.0.0.1:{port}" for port in double.ports)
        yield Vendor(connector, double, given)


@pytest.fixture
def issuer(committed_db: object, acme: OrgInfo, settings: Any) -> Iterator[str]:
    with serving() as port:
        settings.ISSUER = f"http://localhost:{port}"
        yield settings.ISSUER


def connected(org: OrgInfo, vendor: Vendor, name: str = "Edge") -> str:
    with tenant_context(org.schema_name):
        return connections.create(vendor.connector, name, vendor.settings).id


def check(org: OrgInfo, connection: str) -> connections.AccessReport:
    with tenant_context(org.schema_name):
        return connections.check(connection)


def test_a_connection_is_set_up_by_what_the_wizard_shows_and_no_token_is_kept_or_told(
    issuer, vendor, acme, caplog
):
    caplog.set_level(logging.DEBUG)
    client = clients.member(acme, "owner")
    draft = {"connector": vendor.connector, "name": "Edge"}
    made = client.post("/api/v1/connections", draft, format="json").json()
    address = f"/api/v1/connections/{made['id']}"
    shown = client.get(f"{address}/setup").json()
    assert shown["generated"]["federation_issuer"] == issuer
    assert any(shown["generated"]["federation_subject"] in text["body"] for text in shown["texts"])
    vendor.trust(issuer, shown["generated"]["federation_subject"])
    answers = [client.patch(address, {"settings": vendor.settings}, format="json")]
    answers += [client.post(f"{address}/check", {}, format="json"), client.get(address)]
    assert [answer.status_code for answer in answers] == [200, 200, 200], answers[0].content
    checked = answers[1].json()
    assert checked["error"] is None
    assert "of another workspace" in checked["permissions"][0]["action"]
    denied = [row["action"] for row in checked["permissions"] if row["grant"] == "denied"]
    assert denied == []
    assert checked["permissions"][0]["grant"] == "granted"
    with tenant_context(acme.schema_name):
        assert connections.open_connector(made["id"], Capability.CONFIG).read_config().services
    told = "".join([caplog.text, *(answer.content.decode() for answer in answers)])
    kept = "".join(row for table in rows(acme).values() for row in table)
    assert made["id"] in kept
    assert "eyJ" not in told, "no JSON web token"
    assert "eyJ" not in kept


@pytest.mark.asvs("8.4.1")
def test_another_workspace_that_enters_the_same_account_is_refused(issuer, vendor, acme, globex):
    mine, theirs = connected(acme, vendor), connected(globex, vendor)
    with tenant_context(acme.schema_name):
        vendor.trust(issuer, identity_of(mine).subject)
    assert check(acme, mine).error is None
    refused = check(globex, theirs)
    assert not refused.ok
    assert refused.error is not None
    assert refused.error["code"] == "settings_error"
    assert "subject" in refused.error["action"]


@pytest.mark.asvs("8.4.1")
def test_another_connection_of_the_same_workspace_is_refused_too(issuer, vendor, acme):
    mine, other = connected(acme, vendor), connected(acme, vendor, "Other")
    with tenant_context(acme.schema_name):
        vendor.trust(issuer, identity_of(mine).subject)
    assert check(acme, mine).error is None
    assert check(acme, other).error is not None


def test_a_new_issuer_address_breaks_the_trust_and_says_so(issuer, vendor, acme, settings):
    mine = connected(acme, vendor)
    with tenant_context(acme.schema_name):
        vendor.trust(issuer, identity_of(mine).subject)
        settings.ISSUER = issuer.replace("localhost", "127.0.0.1")
    report = check(acme, mine)
    assert report.error is not None
    assert "ssuer" in report.error["detail"] + report.error["action"]


def test_a_recording_holds_no_token_and_is_read_again_without_any(issuer, vendor, acme, tmp_path):
    mine, file = connected(acme, vendor), tmp_path / "edge.recording"
    with tenant_context(acme.schema_name):
        vendor.trust(issuer, identity_of(mine).subject)
        with file.open("wb") as out:
            recorded = connections.record_configuration(mine, out)
    assert recorded.snapshot is not None
    text = file.read_text()
    assert "generateAccessToken" in text or "oauth2/v2.0/token" in text
    assert "eyJ" not in text
    assert "ya29" not in text
    told = re.findall(r'(?:access_token|accessToken)\\*": ?\\*"(.{9})', text)
    assert told
    assert set(told) == {"[redacted"}
    vendor.trust(issuer, "nobody")
    with file.open("rb") as given:
        again = connections.replay_configuration(given, {})
    assert again.missing == []
    assert again.snapshot is not None
    assert len(again.snapshot.routes) == len(recorded.snapshot.routes) > 0


@pytest.mark.asvs("13.2.1", "13.3.4")
def test_connections_go_on_while_keys_are_replaced_and_after_one_was_compromised(issuer, vendor, acme):
    mine = connected(acme, vendor)
    with tenant_context(acme.schema_name):
        subject = identity_of(mine).subject
    vendor.trust(issuer, subject)
    assert check(acme, mine).error is None
    keys.rotate(timezone.now(), compromised=True)
    if vendor.connector == "azure":
        exchange("POST", f"{vendor.double.control_url}/_double/tokens", {"lifetime": 3599})
    assert check(acme, mine).error is None


@pytest.mark.asvs("8.4.1")
def test_a_trust_that_is_too_wide_stays_told_however_well_the_account_is_read_and_ends_once_it_is_narrow(
    issuer, vendor, acme
):
    mine = connected(acme, vendor)
    with tenant_context(acme.schema_name):
        subject = identity_of(mine).subject
    vendor.trust(issuer, subject, wide=True)
    wide = [*checked_and_read(acme, mine), read(acme, mine)]
    vendor.trust(issuer, subject)
    narrow = checked_and_read(acme, mine)
    assert all("More than this connection is trusted" in reason for _, reason in wide)
    assert {status for status, _ in wide} == {"degraded"}
    assert not any("trusted" in reason for _, reason in narrow)
    assert narrow[1] == ("connected", "")


def checked_and_read(org: OrgInfo, connection: str) -> list[tuple[str, str]]:
    """Status and reason after a check, and after a reading that follows it."""
    check(org, connection)
    return [health(org, connection), read(org, connection)]


def read(org: OrgInfo, connection: str) -> tuple[str, str]:
    with tenant_context(org.schema_name):
        assert connections.run_sync(connections.request_sync(connection).id).state == "done"
    return health(org, connection)


def health(org: OrgInfo, connection: str) -> tuple[str, str]:
    with tenant_context(org.schema_name):
        row = Connection.objects.get(pk=connection)
        return row.status, row.status_reason
