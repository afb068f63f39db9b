"""A tenant with past traffic, connected to running doubles of Kong and AWS; doubles are left as they were found."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from connectors.aws.permissions import policy_document, trust_document
from connectors.base.calls import CallBatch, calls_table
from connectors.testkit.running import RunningDouble, running_double
from controlplane.blocking import services
from controlplane.connections import services as connections
from controlplane.traffic import services as traffic
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient

ATTACKER = "198.18.4.7"
ACCOUNT, REGION = "123456789012", "us-east-1"
PRINCIPAL = "arn:aws:iam::999988887777:user/portcullis"


def store_calls(connection: str, *rows: dict[str, Any], at: datetime) -> None:
    """Put calls through the door, a second apart from ``at`` on."""
    base = {"method": "GET", "path": "/orders/1", "host": "api.example.com", "status": 200}
    full = [
        {
            **base,
            "call_id": f"{at.timestamp()}-{n}",
            "ts": int((at + timedelta(milliseconds=n)).timestamp() * 1e6),
            **row,
        }
        for n, row in enumerate(rows)
    ]
    traffic.accept(connection, CallBatch("test.log", calls_table(full)), at.timestamp())


@dataclass(frozen=True)
class Kong:
    """A connected Kong: ours by ``connection`` and ``ref``, the customer's by its Admin API."""

    double: RunningDouble
    connection: str
    ref: str = "workspace:default"

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """What the customer does with the Admin API."""
        request = urllib.request.Request(
            self.double.control_url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Kong-Admin-Token": "t0ken", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.loads(answer.read() or b"null")

    def dump(self) -> str:
        """Everything there, as text, without the times Kong writes into what it stores."""
        found = {
            kind: self.admin("GET", f"/{kind}?size=1000")["data"]
            for kind in ("services", "routes", "plugins", "consumers")
        }
        for rows in found.values():
            for row in rows:
                row.pop("updated_at", None)
        return json.dumps(found, sort_keys=True)

    def push(self) -> services.Pushed:
        """One push, as the job does it."""
        return services.reconcile(self.connection, self.ref)

    def draft(self, *networks: str, **more: Any) -> dict[str, Any]:
        """A draft that blocks these networks here for an hour."""
        return {
            "match": {"networks": list(networks or (ATTACKER,))},
            "action": "block",
            "ttl_seconds": 3600,
            "targets": [{"connection_id": self.connection, "ref": self.ref}],
            "window_days": 7,
            **more,
        }


@pytest.fixture(scope="session")
def kong_double() -> Iterator[RunningDouble]:
    """The sample company's Kong."""
    ports = ("--admin-port", "--proxy-port")
    with running_double(
        "connectors.testkit.doubles.kong", ["--admin-token", "t0ken", "--seed"], ports
    ) as double:
        yield double


@pytest.fixture
def past(tenant: OrgInfo) -> None:
    """A week with known-good callers and an attacker."""
    at = datetime.now(UTC) - timedelta(days=2)
    good = [{"client_ip": f"203.0.113.{n % 9 + 1}", "principal": f"good-{n % 9}"} for n in range(180)]
    bad = [{"client_ip": ATTACKER, "status": 401, "path": "/login"}] * 20
    store_calls("con_past", *good, *bad, at=at)


@pytest.fixture
def kong(
    kong_double: RunningDouble, past: None, settings: Any, run_jobs: Callable[[], int]
) -> Iterator[Kong]:
    """Connected and read; afterwards every block is undone."""
    kong_double.behave()
    settings.EGRESS_ALLOW = ",".join(f"127.0.0.1:{port}" for port in kong_double.ports)
    made = connections.create("kong", "Kong", {"admin_url": kong_double.control_url, "admin_token": "t0ken"})
    run_jobs()
    connected = Kong(kong_double, made.id)
    yield connected
    kong_double.behave()
    services.undo_all("")
    connected.push()


@pytest.fixture
def person(member_client: Callable[..., TenantClient], acme: OrgInfo) -> Callable[[str], TenantClient]:
    """``person("responder")``: a member of that role at the browser."""
    return lambda role: member_client(acme, role=role)


@dataclass(frozen=True)
class Aws:
    """A connected AWS account with one web ACL of the customer's."""

    double: RunningDouble
    connection: str
    ref: str

    def waf(self) -> Any:
        """The customer's own WAF client."""
        return admin(self.double, "wafv2")

    def dump(self) -> str:
        """The web ACL, address sets and rule groups of the account, as text, without lock tokens."""
        waf = self.waf()
        name, identifier = self.ref.split("/")[-2:]
        acl = waf.get_web_acl(Name=name, Id=identifier, Scope="REGIONAL")["WebACL"]
        sets = waf.list_ip_sets(Scope="REGIONAL")["IPSets"]
        groups = waf.list_rule_groups(Scope="REGIONAL")["RuleGroups"]
        held = [
            waf.get_ip_set(Name=entry["Name"], Id=entry["Id"], Scope="REGIONAL")["IPSet"] for entry in sets
        ]
        return json.dumps([acl, held, [entry["Name"] for entry in groups]], sort_keys=True, default=str)


def admin(double: RunningDouble, service: str) -> Any:
    """A client with the customer's own credentials."""
    make: Any = boto3.client
    return make(
        service,
        region_name=REGION,
        endpoint_url=double.control_url,
        aws_access_key_id="AKIAACMEADMIN0000001",
        aws_secret_access_key="x",
    )


@pytest.fixture(scope="session")
def aws_double() -> Iterator[RunningDouble]:
    """The sample company's AWS account."""
    options = ["--seed", "--rate-scale", "0"]
    with running_double("connectors.testkit.doubles.aws", options, ("--port", "--data-port")) as double:
        yield double


@pytest.fixture
def aws(
    aws_double: RunningDouble,
    past: None,
    settings: Any,
    run_jobs: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Aws]:
    """Connected with both roles and read; afterwards every block is undone."""
    aws_double.behave()
    for name, value in (
        ("ACCESS_KEY_ID", "AKIAPORTCULLIS000001"),
        ("SECRET_ACCESS_KEY", "platform-secret"),
        ("PRINCIPAL_ARN", PRINCIPAL),
    ):
        monkeypatch.setenv(f"PORTCULLIS_AWS_{name}", value)
    settings.EGRESS_ALLOW = ",".join(f"127.0.0.1:{port}" for port in aws_double.ports)
    made = connections.create("aws", "AWS", {"account_id": ACCOUNT, "regions": [REGION]})
    iam = admin(aws_double, "iam")
    roles = {}
    for access in ("read", "write"):
        role = f"portcullis-{access}-{made.id[-8:]}"
        trust = json.dumps(trust_document(PRINCIPAL, made.generated["external_id"]))
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        policy = json.dumps(policy_document(access, ACCOUNT, ("*",)))
        iam.put_role_policy(RoleName=role, PolicyName="portcullis", PolicyDocument=policy)
        roles[access] = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    granted = {
        "account_id": ACCOUNT,
        "regions": [REGION],
        "endpoint_url": aws_double.control_url,
        "role_arn": roles["read"],
        "blocking_role_arn": roles["write"],
    }
    connections.update(made.id, settings=granted)
    run_jobs()
    from controlplane.connections import queries

    ref = queries.targets(made.id)[0].ref
    yield Aws(aws_double, made.id, ref)
    aws_double.behave()
    services.undo_all("")
    services.reconcile(made.id, ref)
