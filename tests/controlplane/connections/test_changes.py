"""Changes at the vendor are kept with the cursor that accounts for them, shown with their author, and never guessed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from connectors.aws.permissions import policy_document, trust_document
from connectors.base.changes import ConfigChange
from connectors.testkit.running import Fault, RunningDouble, running_double
from controlplane.connections import services
from controlplane.connections.models import Change, ChangeTrail, Connection
from controlplane.connections.services.changes import store
from controlplane.connections.types import ConnectionStatus
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import member
from tests.factories.connections import changed, connect
from tests.jobs import at_once

ACCOUNT, REGION = "123456789012", "us-east-1"
PRINCIPAL = "arn:aws:iam::999988887777:user/portcullis"
DENIED = Fault(400, "LookupEvents", "cloudtrail", body={"__type": "AccessDeniedException", "message": "no"})


@dataclass
class Account:
    """A connected AWS account whose trail was read up to now, and its administrator."""

    double: RunningDouble
    connection: str

    def admin(self, service: str) -> Any:
        make: Any = boto3.client
        key = "AKIAACMEADMIN0000001"
        return make(
            service,
            region_name=REGION,
            endpoint_url=self.double.control_url,
            aws_access_key_id=key,
            aws_secret_access_key="x",
        )

    def change(self, name: str) -> str:
        """A new REST API; its id."""
        return str(self.admin("apigateway").create_rest_api(name=name)["id"])

    def told(self) -> list[str]:
        return list(Change.objects.order_by("at", "id").values_list("object_ref", flat=True))


@pytest.fixture(scope="module")
def double() -> Iterator[RunningDouble]:
    with running_double(
        "connectors.testkit.doubles.aws", ["--rate-scale", "0"], ("--port", "--data-port")
    ) as running:
        yield running


@pytest.fixture
def account(acme: OrgInfo, double: RunningDouble, settings: Any, monkeypatch: Any) -> Iterator[Account]:
    keys = {
        "ACCESS_KEY_ID": "AKIAPORTCULLIS000001",
        "SECRET_ACCESS_KEY": "platform-secret",
        "PRINCIPAL_ARN": PRINCIPAL,
    }
    for name, value in keys.items():
        monkeypatch.setenv(f"PORTCULLIS_AWS_{name}", value)
    settings.EGRESS_ALLOW = ",".join(f"127.0.0.1:{port}" for port in double.ports)
    with tenant_context(acme.schema_name):
        made = services.create("aws", "AWS", {"account_id": ACCOUNT, "regions": [REGION]})
        held, role = Account(double, made.id), f"read-{made.id[-8:]}"
        iam = held.admin("iam")
        trust = json.dumps(trust_document(PRINCIPAL, made.generated["external_id"]))
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        policy = json.dumps(policy_document("read", ACCOUNT, ("*",)))
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=policy)
        given = {
            "account_id": ACCOUNT,
            "regions": [REGION],
            "endpoint_url": double.control_url,
            "role_arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
        }
        services.update(made.id, settings=given)
        # So that the first read looks at the last minutes only.
        ChangeTrail.objects.create(connection_id=made.id, position={"until": {REGION: int(time.time())}})
        yield held
    double.behave()


def test_changes_are_kept_once_however_often_they_are_read(account: Account) -> None:
    api_id = account.change("once")
    assert services.pull_changes(account.connection) is not None
    kept = Change.objects.get(object_ref=api_id)
    assert (kept.author, kept.action, kept.object_kind) == ("acme-admin", "CreateRestApi", "rest_api")
    assert services.pull_changes(account.connection) == 0
    assert Change.objects.filter(object_ref=api_id).count() == 1


def test_a_failed_read_is_said_keeps_what_is_known_and_leaves_the_connections_health_alone(
    account: Account,
) -> None:
    before = account.change("before")
    services.pull_changes(account.connection)
    Connection.objects.filter(pk=account.connection).update(status=ConnectionStatus.CONNECTED)
    reached = ChangeTrail.objects.get(pk=account.connection)
    account.double.order(DENIED)
    meanwhile = account.change("meanwhile")
    assert services.pull_changes(account.connection) is None
    trail = ChangeTrail.objects.get(pk=account.connection)
    assert trail.position["until"] == reached.position["until"]
    assert trail.read_at == reached.read_at
    assert "cloudtrail:LookupEvents" in str(trail.error)
    assert Connection.objects.get(pk=account.connection).status == ConnectionStatus.CONNECTED
    assert before in account.told()
    assert meanwhile not in account.told()
    account.double.behave()
    services.pull_changes(account.connection)
    assert meanwhile in account.told()
    assert ChangeTrail.objects.get(pk=account.connection).error is None


def test_two_workers_keep_each_change_once(committed_db: object, acme: OrgInfo, account: Account) -> None:
    wanted = {account.change(f"n{number}") for number in range(70)}
    assert at_once(acme, lambda: services.pull_changes(account.connection)) == []
    told = account.told()
    assert wanted <= set(told)
    assert Change.objects.count() == Change.objects.values("ref").distinct().count()


def test_what_a_vendor_calls_things_is_kept_even_when_the_database_could_not(acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        held = connect()
        odd = ConfigChange(
            ref="r" * 5000,
            at=datetime.now(UTC),
            action="a\x00b",
            object_kind="k",
            object_ref="o" * 9000,
            evidence={"a\x00": ["b\x00", {"c": "\x00"}]},
        )
        assert store(held, [odd], {}, {"next": 1}) == 1
        assert store(held, [odd], {"next": 1}, {"next": 2}) == 0
        assert store(held, [odd], {"next": 1}, {"next": 3}) is None
        kept = Change.objects.get()
        assert (kept.action, kept.evidence) == ("ab", {"a": ["b", {"c": ""}]})


def test_changes_go_after_thirteen_months(acme: OrgInfo) -> None:
    now = datetime.now(UTC)
    with tenant_context(acme.schema_name):
        held = connect()
        changed(held, "old", at=now - timedelta(days=401))
        changed(held, "young", at=now - timedelta(days=399))
        assert services.forget_changes(now) == 1
        assert Change.objects.get().ref == "young"


def test_the_list_pages_newest_first_and_filters(acme: OrgInfo) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    with tenant_context(acme.schema_name):
        held = connect()
        for number in range(7):
            changed(
                held,
                f"r{number}",
                at=now + timedelta(hours=number // 2),
                author="ann" if number % 2 else "bob",
                object_ref=f"api/{number}",
            )
        changed(connect("another"), "elsewhere", at=now)
    client = member(acme, "viewer")
    address = f"/api/v1/connections/{held}/changes"

    seen: list[dict[str, Any]] = []
    cursor = ""
    while True:
        body = client.get(f"{address}?limit=3" + (f"&cursor={cursor}" if cursor else "")).json()
        seen += body["data"]
        cursor = body["next"]
        if not cursor:
            break
    assert {entry["object_ref"] for entry in seen} == {f"api/{number}" for number in range(7)}
    assert [entry["at"] for entry in seen] == sorted((entry["at"] for entry in seen), reverse=True)
    asked = [
        ({"author": "ann"}, {"api/1", "api/3", "api/5"}),
        ({"object": "api/2"}, {"api/2"}),
        ({"since": "2026-11-01T03:00:00Z"}, {"api/6"}),
        ({"author": "ann", "since": "2026-11-01T02:00:00Z"}, {"api/5"}),
    ]
    for filters, expected in asked:
        found = client.get(address, filters).json()["data"]
        assert {entry["object_ref"] for entry in found} == expected, filters
    assert client.get(address, {"since": "yesterday"}).status_code == 400


def test_no_changes_are_told_apart_from_changes_nobody_could_read(acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        nginx = services.create("file", "File", {}).id
        aws = services.create("aws", "AWS", {"account_id": ACCOUNT, "regions": [REGION]}).id
    client = member(acme, "viewer")

    def state(connection_id: str) -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"/api/v1/connections/{connection_id}").json()["changes"]
        return found

    assert state(nginx)["state"] == "unsupported"
    assert state(aws)["state"] == "never"
    problem = {"code": "permission-missing", "detail": "no", "unchanged": "", "action": ""}
    with tenant_context(acme.schema_name):
        ChangeTrail.objects.create(connection_id=aws, error=problem, failed_at=datetime.now(UTC))
    assert (state(aws)["state"], state(aws)["error"]) == ("failed", problem)
    with tenant_context(acme.schema_name):
        ChangeTrail.objects.filter(pk=aws).update(error=None, read_at=datetime.now(UTC))
    assert state(aws)["state"] == "read"


def test_a_role_that_lets_others_in_stays_told_however_well_it_is_read(account: Account) -> None:
    role = Connection.objects.get(pk=account.connection).settings["role_arn"].rpartition("/")[2]
    statement = {"Effect": "Allow", "Principal": {"AWS": PRINCIPAL}, "Action": "sts:AssumeRole"}
    wide = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.admin("iam").update_assume_role_policy(RoleName=role, PolicyDocument=wide)
    assert not services.check(account.connection).ok
    told = []
    services.run_sync(services.request_sync(account.connection).id)
    told.append(Connection.objects.get(pk=account.connection))
    services.mark_connected(account.connection, "9 calls read from a file.")
    told.append(Connection.objects.get(pk=account.connection))
    for shown in told:
        assert shown.last_sync_at is not None
        assert shown.status == ConnectionStatus.DEGRADED
        assert "More than this connection is trusted: The role let us in without" in shown.status_reason
