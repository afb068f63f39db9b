"""An organisation's accounts stay connected as they were admitted: names, roles, connections made before or twice."""

from __future__ import annotations

from itertools import count
from typing import Any

from connectors.aws.permissions import policy_document, trust_document
from connectors.testkit.running import Fault
from controlplane.connections import queries, services
from controlplane.connections.models import Connection
from controlplane.connections.services import membership
from controlplane.connections.types import AccountState
from tenants.orgs.types import OrgInfo
from tests.controlplane.connections.conftest import ACCOUNT, PRINCIPAL, REGION, Company, grant
from tests.jobs import at_once


def listing(names: dict[str, str] | None = None) -> Fault:
    """AWS lists these accounts."""
    accounts = [{"Id": ref, "Name": name, "Status": "ACTIVE"} for ref, name in (names or {}).items()]
    return Fault(200, "ListAccounts", "organizations", body={"Accounts": accounts})


def test_a_connection_deleted_while_its_account_was_gone_does_not_come_back_with_the_account(
    company: Company,
) -> None:
    shop = company.account("shop")
    company.roll_out()
    company.double.order(listing())
    company.roll_out()
    assert company.row(shop).state == AccountState.GONE
    services.delete(company.own(shop).id)
    company.double.behave()
    assert company.roll_out() == 0
    assert (company.row(shop).state, company.row(shop).own) == (AccountState.LEFT_OUT, None)


def rename_role(company: Company) -> None:
    """The organisation's own account has another role now, and its connection names it."""
    policy = policy_document("read", ACCOUNT, ("*",), organization=True)
    grant(company.admin("iam"), "renamed", trust_document(PRINCIPAL, company.external_id), policy)
    services.update(company.connection, settings={"role_arn": f"arn:aws:iam::{ACCOUNT}:role/renamed"})


def test_an_account_moves_to_another_role_only_once_that_lets_us_in(company: Company) -> None:
    shop = company.account("shop")
    company.roll_out()
    before = company.own(shop).settings["role_arn"]
    rename_role(company)
    company.roll_out()
    assert company.own(shop).settings["role_arn"] == before
    assert "role/renamed does not let us in" in company.row(shop).reason
    company.deploy(shop, role="renamed")
    company.roll_out()
    assert company.own(shop).settings["role_arn"] == f"arn:aws:iam::{shop}:role/renamed"
    assert company.row(shop).reason == ""


def test_a_role_without_the_condition_is_not_moved_to(company: Company) -> None:
    shop = company.account("shop")
    company.roll_out()
    before = company.own(shop).settings["role_arn"]
    rename_role(company)
    company.deploy(shop, role="renamed", guarded=False)
    company.roll_out()
    assert company.own(shop).settings["role_arn"] == before
    assert "without the external id" in company.row(shop).reason


def test_a_name_with_spaces_around_it_is_told_apart_like_any_other(company: Company) -> None:
    services.create("kong", "shop", {"admin_url": "http://127.0.0.1:1"})
    spaced = company.account(" shop ")
    after = company.account("after")
    assert company.roll_out() == 2
    assert company.own(spaced).name == f"shop ({spaced})"
    assert company.row(after).state == AccountState.CONNECTED
    assert company.roll_out() == 0
    assert company.own(spaced).name == f"shop ({spaced})"


def test_an_account_that_cannot_be_saved_says_why_and_keeps_back_no_other(company: Company) -> None:
    shop = company.account("shop")
    for name in ("shop", f"shop ({shop})"):
        services.create("kong", name, {"admin_url": "http://127.0.0.1:1"})
    after = company.account("after")
    assert company.roll_out() == 1
    row = company.row(shop)
    assert (row.state, row.own) == (AccountState.WAITING, None)
    assert f"There is a connection named shop ({shop}) already." in row.reason
    assert row.checked_at is not None
    assert company.row(after).state == AccountState.CONNECTED


def test_an_account_that_cannot_be_kept_up_says_why_and_keeps_back_no_other(company: Company) -> None:
    shop, bank = company.account("shop"), company.account("bank")
    company.roll_out()
    for name in ("taken", f"taken ({shop})"):
        services.create("kong", name, {"admin_url": "http://127.0.0.1:1"})
    services.update(company.connection, settings={"regions": [REGION, "eu-west-1"]})
    company.double.order(listing({shop: "taken", bank: "bank"}))
    company.roll_out()
    assert "There is a connection named" in company.row(shop).reason
    assert company.own(bank).settings["regions"] == [REGION, "eu-west-1"]


def test_a_connection_that_does_not_work_does_not_count_as_the_accounts(company: Company) -> None:
    shop = company.account("shop")
    draft = services.create("aws", "Our shop", {"account_id": shop})
    assert company.roll_out() == 0
    row = company.row(shop)
    assert (row.state, row.own) == (AccountState.WAITING, None)
    assert "Our shop" in row.reason
    services.delete(draft.id)
    assert company.roll_out() == 1


def test_an_organisation_connected_anew_takes_its_members_over_with_the_new_external_id(
    company: Company,
) -> None:
    shop, late = company.account("shop"), company.account("late")
    company.roll_out()
    own, other = company.own(shop), company.own(late)
    old = company.external_id
    given = Connection.objects.get(pk=company.connection).settings
    services.delete(company.connection)
    again = services.create("aws", "Acme again", given)
    company.connection, company.external_id = again.id, str(again.generated["external_id"])
    company.trust()
    company.deploy(shop)  # the stack set was updated there, but not in the other account
    company.roll_out()
    own.refresh_from_db()
    assert (company.row(shop).own_id, company.row(shop).state) == (own.id, AccountState.CONNECTED)
    assert own.generated["external_id"] == company.external_id != old
    assert services.check(own.id).ok
    row = company.row(late)
    assert (row.state, row.own) == (AccountState.WAITING, None)
    assert "does not let us in" in row.reason
    other.refresh_from_db()
    assert other.generated["external_id"] == old


def test_two_organisations_that_list_the_same_account_make_one_connection_of_it(
    committed_db: object, acme: OrgInfo, company: Company
) -> None:
    second = services.create(
        "aws", "Acme twice", dict(Connection.objects.get(pk=company.connection).settings)
    )
    accounts = [company.account(f"team-{number}", deployed=False) for number in range(4)]
    ids = (str(second.generated["external_id"]),)
    company.trust(also=ids)
    for account in accounts:
        company.deploy(account, also=ids)
    turn = count()
    both = (company.connection, second.id)
    assert at_once(acme, lambda: services.roll_out(both[next(turn)])) == []
    for listing_one in both:
        reading = queries.organization_reading(queries.connection(listing_one))
        assert reading is not None
        assert (reading.state, sum(reading.accounts.values())) == ("read", 4)
    made = Connection.objects.exclude(pk__in=both).values_list("settings__account_id", flat=True)
    assert sorted(made) == sorted(accounts)


def test_no_more_accounts_are_connected_than_the_operator_allows(company: Company, settings: Any) -> None:
    settings.ORGANIZATION_ACCOUNTS = 1
    made = [company.account(name) for name in ("one", "two")]
    assert company.roll_out() == 1
    (late,) = (company.row(account) for account in made if company.row(account).own is None)
    assert late.state == AccountState.WAITING
    assert "connects at most 1 account of an organisation" in late.reason
    assert "operator" in late.reason
    settings.ORGANIZATION_ACCOUNTS = 2
    assert company.roll_out() == 1


def test_a_worker_that_was_overtaken_takes_nothing_back(company: Company) -> None:
    late = company.account("late", deployed=False)
    company.roll_out()
    seen_before = company.row(late)
    company.deploy(late)
    company.roll_out()
    membership.put_off(seen_before, "The role does not let us in.")
    assert (company.row(late).state, company.row(late).reason) == (AccountState.CONNECTED, "")
