"""A company whose organisation is connected, at the strict double of AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from connectors.aws.permissions import policy_document, trust_document
from connectors.testkit.running import RunningDouble, running_double
from controlplane.connections import services
from controlplane.connections.models import Connection, OrganizationAccount
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo

ACCOUNT, REGION = "123456789012", "us-east-1"
PRINCIPAL = "arn:aws:iam::999988887777:user/portcullis"


@pytest.fixture(scope="module")
def double() -> Iterator[RunningDouble]:
    options, ports = ["--rate-scale", "0"], ("--port", "--data-port")
    with running_double("connectors.testkit.doubles.aws", options, ports) as running:
        yield running


@dataclass
class Company:
    """A connected organisation, and its administrator at AWS."""

    double: RunningDouble
    connection: str
    external_id: str

    def admin(self, service: str, **keys: str) -> Any:
        make: Any = boto3.client
        given = {"aws_access_key_id": "AKIAACMEADMIN0000001", "aws_secret_access_key": "x", **keys}
        return make(service, region_name=REGION, endpoint_url=self.double.control_url, **given)

    def account(self, name: str, *, deployed: bool = True) -> str:
        """A new account, with the stack set's role in it or not yet; its id."""
        made = self.admin("organizations").create_account(AccountName=name, Email=f"{name}@acme.example")
        account = str(made["CreateAccountStatus"]["AccountId"])
        if deployed:
            self.deploy(account)
        return account

    def deploy(
        self,
        account: str,
        *,
        guarded: bool = True,
        role: str = "organization-read",
        also: tuple[str, ...] = (),
    ) -> None:
        """What the stack set does in an account, or somebody who leaves the condition out; ``also``: further ids."""
        admin = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        keys = self.admin("sts").assume_role(RoleArn=admin, RoleSessionName="stackset")["Credentials"]
        iam = self.admin(
            "iam",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        trust = trust_document(PRINCIPAL, self.external_id)
        if also:
            trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = [self.external_id, *also]
        if not guarded:
            del trust["Statement"][0]["Condition"]
        grant(iam, role, trust, policy_document("read", account, ("*",)))

    def trust(self, also: tuple[str, ...] = ()) -> None:
        """The read role of the listing account trusts the external id, and further ones."""
        trust = trust_document(PRINCIPAL, self.external_id)
        if also:
            trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = [self.external_id, *also]
        policy = policy_document("read", ACCOUNT, ("*",), organization=True)
        grant(self.admin("iam"), "organization-read", trust, policy)

    def row(self, account: str) -> OrganizationAccount:
        return OrganizationAccount.objects.get(ref=account)

    def own(self, account: str) -> Connection:
        """The account's connection."""
        own = self.row(account).own
        assert own is not None
        return own

    def roll_out(self) -> int | None:
        return services.roll_out(self.connection)


def grant(iam: Any, role: str, trust: dict[str, Any], policy: dict[str, Any]) -> None:
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=json.dumps(policy))


@pytest.fixture
def company(acme: OrgInfo, double: RunningDouble, settings: Any, monkeypatch: Any) -> Iterator[Company]:
    keys = {"ACCESS_KEY_ID": "AKIAPORTCULLIS000001", "SECRET_ACCESS_KEY": "platform-secret"}
    for name, value in {**keys, "PRINCIPAL_ARN": PRINCIPAL}.items():
        monkeypatch.setenv(f"PORTCULLIS_AWS_{name}", value)
    settings.EGRESS_ALLOW = ",".join(f"127.0.0.1:{port}" for port in double.ports)
    with tenant_context(acme.schema_name):
        given = {"account_id": ACCOUNT, "regions": [REGION], "organization": True}
        made = services.create("aws", "Acme", given)
        held = Company(double, made.id, made.generated["external_id"])
        organizations = held.admin("organizations")
        with suppress(organizations.exceptions.AlreadyInOrganizationException):
            organizations.create_organization(FeatureSet="ALL")
        for entry in organizations.list_accounts()["Accounts"]:  # of tests before
            if entry["Id"] != ACCOUNT:
                organizations.remove_account_from_organization(AccountId=entry["Id"])
        held.trust()
        role = f"arn:aws:iam::{ACCOUNT}:role/organization-read"
        services.update(made.id, settings={"role_arn": role, "endpoint_url": double.control_url})
        yield held
    double.behave()
