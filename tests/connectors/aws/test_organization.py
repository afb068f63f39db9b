"""An organisation: its accounts to the last page, and which of them let us in as they must."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from connectors.aws.access import Access
from connectors.aws.config import Config
from connectors.aws.identity import AwsPlatformIdentity
from connectors.aws.organization import Organization
from connectors.aws.permissions import policy_document, trust_document
from connectors.aws.session import AwsSession
from connectors.base.capabilities import Grant
from connectors.base.errors import (
    ConnectorError,
    PermissionMissing,
    RefusedError,
    SettingsError,
    TransientError,
)
from connectors.base.model import Completeness
from connectors.base.organization import OrganizationAccount
from tests.connectors.aws.conftest import ACCOUNT, EXTERNAL_ID, PRINCIPAL, REGION, Double, unpaced


@dataclass
class Company:
    """The strict double as an organisation's management account."""

    double: Double

    def settings(self, **changes):
        return self.double.settings(organization=True, blocking_role_arn="", **changes)

    def organization(self, **changes) -> Organization:
        return Organization(self.settings(**changes), self.double.egress, session_of=self.session_of)

    def session_of(self, settings) -> AwsSession:
        identity = AwsPlatformIdentity(self.double.platform_key, PRINCIPAL, "platform-secret")
        return AwsSession(settings, self.double.egress, identity=identity, pace=unpaced)

    def account(self, name: str) -> OrganizationAccount:
        """A new account of the organisation."""
        made = self.double.admin("organizations", "us-east-1").create_account(
            AccountName=name, Email=f"{name}@acme.example"
        )
        return OrganizationAccount(str(made["CreateAccountStatus"]["AccountId"]), name)

    def inside(self, account: OrganizationAccount, service: str):
        """A client of the account's administrator, as the management account comes by one."""
        role = f"arn:aws:iam::{account.ref}:role/OrganizationAccountAccessRole"
        keys = self.double.admin("sts").assume_role(RoleArn=role, RoleSessionName="stackset")["Credentials"]
        make: Any = boto3.client
        return make(
            service, region_name=REGION, endpoint_url=self.double.url, aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"],
        )  # fmt: skip

    def deploy(self, account: OrganizationAccount, trust=None) -> None:
        """What the stack set does in one account."""
        iam = self.inside(account, "iam")
        text = json.dumps(trust or trust_document(PRINCIPAL, EXTERNAL_ID))
        policy = policy_document("read", account.ref, tuple(self.settings().access_log_groups))
        iam.create_role(RoleName="portcullis-read", AssumeRolePolicyDocument=text)
        iam.put_role_policy(
            RoleName="portcullis-read", PolicyName="portcullis", PolicyDocument=json.dumps(policy)
        )


@pytest.fixture
def company(double: Double) -> Company:
    client = double.admin("organizations", "us-east-1")
    with suppress(client.exceptions.AlreadyInOrganizationException):
        client.create_organization(FeatureSet="ALL")
    policy = policy_document("read", ACCOUNT, tuple(double.settings().access_log_groups), organization=True)
    double.grant("read", policy=policy)
    return Company(double)


def test_every_account_is_listed_to_the_last_page_but_the_listing_one(company):
    made = {company.account(f"team-{number}").ref for number in range(23)}  # a page holds 20
    listed = {account.ref for account in company.organization().accounts()}
    assert made <= listed
    assert ACCOUNT not in listed


def test_a_suspended_account_says_so(company):
    closed = company.account("closed")
    company.double.admin("organizations", "us-east-1").close_account(AccountId=closed.ref)
    found = {account.ref: account for account in company.organization().accounts()}
    assert found[closed.ref].inactive == "AWS says that it is suspended."


def test_an_account_with_the_stack_sets_role_is_admitted_and_read_with_it(company):
    account = company.account("shop")
    company.deploy(account)
    company.inside(account, "apigatewayv2").create_api(Name="its-own", ProtocolType="HTTP")
    organization = company.organization()
    organization.admit(account)
    given = organization.settings_of(account)
    assert given["role_arn"] == f"arn:aws:iam::{account.ref}:role/portcullis-read"
    settings = type(company.settings())(**given, external_id=EXTERNAL_ID)
    assert (settings.organization, settings.blocking_role_arn) == (False, "")
    snapshot = Config(settings, company.double.egress, session=company.session_of(settings)).read_config()
    assert [service.name for service in snapshot.services] == ["its-own"]
    assert {entry.completeness for entry in snapshot.sections} == {Completeness.COMPLETE}


def test_without_the_role_the_reason_says_so_and_what_to_look_at(company):
    account = company.account("late")
    with pytest.raises(PermissionMissing) as caught:
        company.organization().admit(account)
    assert f"arn:aws:iam::{account.ref}:role/portcullis-read does not let us in" in caught.value.what
    assert "stack set" in caught.value.action


def test_a_role_that_trusts_another_external_id_is_not_admitted(company):
    account = company.account("foreign")
    company.deploy(account, trust_document(PRINCIPAL, "another-external-id"))
    with pytest.raises(PermissionMissing):
        company.organization().admit(account)


@pytest.mark.asvs("13.2.2")
def test_a_role_that_works_without_the_external_id_is_refused(company):
    account = company.account("open")
    trust = trust_document(PRINCIPAL, EXTERNAL_ID)
    del trust["Statement"][0]["Condition"]
    company.deploy(account, trust)
    with pytest.raises(RefusedError, match="lets us in without the external id"):
        company.organization().admit(account)


def test_an_account_that_is_none_of_ours_is_told_by_its_settings(company):
    organization = company.organization()
    assert organization.account_of({"account_id": "111122223333"}) == "111122223333"
    assert organization.account_of({}) == ""


def test_the_permission_to_list_is_tested_only_where_it_is_needed(company):
    settings = company.settings()
    rows = Access(settings, company.double.egress, session=company.session_of(settings)).check()
    assert {row.grant for row in rows if row.action == "organizations:ListAccounts"} == {Grant.GRANTED}
    company.double.grant("read")
    rows = Access(settings, company.double.egress, session=company.session_of(settings)).check()
    denied = next(row for row in rows if row.action == "organizations:ListAccounts")
    assert denied.grant is Grant.DENIED
    assert '"organizations:ListAccounts"' in denied.fix
    alone = company.double.settings()
    rows = Access(alone, company.double.egress, session=company.session_of(alone)).check()
    assert "organizations:ListAccounts" not in {row.action for row in rows}


@pytest.mark.asvs("16.5.3")
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 400, "body": {"__type": "AccessDeniedException", "message": "no"}}, PermissionMissing),
        (
            {"status": 400, "body": {"__type": "AWSOrganizationsNotInUseException", "message": "no"}},
            SettingsError,
        ),
        ({"status": 400, "body": {"__type": "TooManyRequestsException", "message": "slow"}}, TransientError),
        ({"status": 200, "body": {}}, ConnectorError),
        ({"status": 200, "body": "<html>"}, ConnectorError),
    ],
)
def test_an_organisation_that_cannot_be_read_is_an_error_and_never_empty(company, answer, error):
    company.double.fault("organizations", "ListAccounts", times=9, **answer)
    with pytest.raises(error):
        company.organization().accounts()


def test_an_account_inside_the_organisation_may_not_list_it(company):
    account = company.account("inner")
    company.deploy(account)
    policy = policy_document("read", account.ref, (), organization=True)
    company.inside(account, "iam").put_role_policy(
        RoleName="portcullis-read", PolicyName="portcullis", PolicyDocument=json.dumps(policy)
    )
    inner = company.organization(
        account_id=account.ref, role_arn=f"arn:aws:iam::{account.ref}:role/portcullis-read"
    )
    with pytest.raises(PermissionMissing, match="organizations:ListAccounts"):
        inner.accounts()
