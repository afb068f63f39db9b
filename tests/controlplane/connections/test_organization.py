"""An organisation is connected once; each of its accounts becomes a connection as soon as its role lets us in."""

from __future__ import annotations

import pytest

from connectors.testkit.running import Fault
from controlplane.connections import queries, services
from controlplane.connections.models import Connection, OrganizationAccount
from controlplane.connections.types import AccountState, ConnectionStatus
from tenants.audit.models import Entry
from tenants.errors import Conflict, Invalid
from tenants.isolation.context import no_tenant
from tenants.orgs.types import OrgInfo
from tests.clients import member
from tests.controlplane.connections.conftest import ACCOUNT, REGION, Company
from tests.jobs import at_once, run_pending

DENIED = Fault(
    400, "ListAccounts", "organizations", body={"__type": "AccessDeniedException", "message": "no"}
)


def test_each_account_is_a_connection_with_its_name_and_the_same_external_id(company: Company) -> None:
    shop, bank = company.account("shop"), company.account("bank")
    assert company.roll_out() == 2
    own = company.row(shop).own
    assert own is not None
    assert (own.name, own.connector, own.status) == ("shop", "aws", ConnectionStatus.CHECKING)
    assert own.settings["role_arn"] == f"arn:aws:iam::{shop}:role/organization-read"
    assert own.settings["regions"] == [REGION]
    assert own.generated["external_id"] == company.external_id
    assert "organization" not in own.settings
    entry = Entry.objects.filter(action="connection.create", target=own.id).get()
    assert (entry.after or {})["organization"] == company.connection
    assert services.check(own.id).ok
    assert company.row(bank).state == AccountState.CONNECTED


def test_a_second_roll_out_changes_nothing(company: Company) -> None:
    company.account("shop")
    company.roll_out()
    before = list(Connection.objects.order_by("id").values_list("id", "name", "settings"))
    entries = Entry.objects.count()
    assert company.roll_out() == 0
    assert list(Connection.objects.order_by("id").values_list("id", "name", "settings")) == before
    assert Entry.objects.count() == entries


@pytest.mark.asvs("16.5.3")
def test_an_account_without_the_role_is_listed_with_the_reason_and_connected_once_it_is_there(
    company: Company,
) -> None:
    late = company.account("late", deployed=False)
    assert company.roll_out() == 0
    row = company.row(late)
    assert (row.state, row.own) == (AccountState.WAITING, None)
    assert "does not let us in" in row.reason
    assert row.checked_at is not None
    company.deploy(late)
    assert company.roll_out() == 1
    assert (company.row(late).state, company.row(late).reason) == (AccountState.CONNECTED, "")


@pytest.mark.asvs("13.2.2")
def test_an_account_whose_role_works_without_the_external_id_is_refused(company: Company) -> None:
    account = company.account("open", deployed=False)
    company.deploy(account, guarded=False)
    assert company.roll_out() == 0
    row = company.row(account)
    assert (row.state, row.own) == (AccountState.REFUSED, None)
    assert "without the external id" in row.reason
    company.deploy(account)
    assert company.roll_out() == 1


def test_an_account_that_leaves_is_gone_and_its_connection_stays(company: Company) -> None:
    leaving, closed = company.account("leaving"), company.account("closed")
    company.roll_out()
    company.admin("organizations").remove_account_from_organization(AccountId=leaving)
    company.admin("organizations").close_account(AccountId=closed)
    company.roll_out()
    assert company.row(leaving).state == AccountState.GONE
    assert "no longer in the organisation" in company.row(leaving).reason
    assert company.row(closed).reason == "AWS says that it is suspended."
    assert company.row(leaving).own is not None


def test_a_suspended_account_that_was_never_known_is_left_out(company: Company) -> None:
    closed = company.account("closed")
    company.admin("organizations").close_account(AccountId=closed)
    company.roll_out()
    assert not OrganizationAccount.objects.filter(ref=closed).exists()


@pytest.mark.asvs("16.5.3")
def test_a_listing_that_fails_takes_no_account_for_gone_and_says_why(company: Company) -> None:
    shop = company.account("shop")
    company.roll_out()
    company.double.order(DENIED)
    assert company.roll_out() is None
    reading = queries.organization_reading(queries.connection(company.connection))
    assert reading is not None
    assert (reading.state, reading.accounts) == ("failed", {"connected": 1})
    assert "organizations:ListAccounts" in str(reading.error)
    assert company.row(shop).state == AccountState.CONNECTED
    company.double.behave()
    company.roll_out()
    reading = queries.organization_reading(queries.connection(company.connection))
    assert reading is not None
    assert (reading.state, reading.error) == ("read", None)


def test_one_account_that_lets_nobody_in_does_not_keep_back_the_others(company: Company) -> None:
    company.account("one")
    closed = company.account("two", deployed=False)
    company.account("three")
    assert company.roll_out() == 2
    assert company.row(closed).state == AccountState.WAITING


def test_who_was_not_reached_in_time_is_first_the_next_time(company: Company) -> None:
    company.account("one", deployed=False)
    services.roll_out(company.connection)
    two = company.account("two")
    assert services.roll_out(company.connection, seconds=-1) == 0
    assert company.row(two).state == AccountState.WAITING
    assert services.roll_out(company.connection) == 1


def test_an_account_somebody_connected_before_keeps_its_connection_as_it_is(company: Company) -> None:
    shop = company.account("shop")
    role = f"arn:aws:iam::{shop}:role/ours"
    given = {"account_id": shop, "regions": ["eu-west-1"], "role_arn": role}
    before = services.create("aws", "Our shop", given)
    services.mark_connected(before.id, "It works.")
    assert company.roll_out() == 0
    row = company.row(shop)
    assert (row.state, row.own_id) == (AccountState.CONNECTED, before.id)
    company.roll_out()
    kept = Connection.objects.get(pk=before.id)
    assert (kept.name, kept.settings["regions"]) == ("Our shop", ["eu-west-1"])
    assert kept.generated["external_id"] != company.external_id


def test_a_name_in_use_is_told_apart_by_the_account(company: Company) -> None:
    services.create("kong", "shop", {"admin_url": "http://127.0.0.1:1"})
    shop = company.account("shop")
    company.roll_out()
    own = company.row(shop).own
    assert own is not None
    assert own.name == f"shop ({shop})"


def test_what_changes_at_the_organisation_is_taken_over_but_not_what_somebody_changed_here(
    company: Company,
) -> None:
    plain, own_regions = company.account("plain"), company.account("special")
    company.roll_out()
    special = company.row(own_regions).own
    assert special is not None
    services.update(special.id, name="Special", settings={"regions": ["eu-central-1"]})
    services.update(company.connection, settings={"regions": [REGION, "eu-west-1"]})
    company.roll_out()
    kept = company.row(plain).own
    assert kept is not None
    assert kept.settings["regions"] == [REGION, "eu-west-1"]
    special.refresh_from_db()
    assert (special.name, special.settings["regions"]) == ("Special", ["eu-central-1"])


def test_a_connection_that_was_deleted_is_not_made_again_unless_somebody_asks(company: Company) -> None:
    shop = company.account("shop")
    company.roll_out()
    own = company.row(shop).own
    assert own is not None
    services.delete(own.id)
    assert company.roll_out() == 0
    row = company.row(shop)
    assert (row.state, row.own) == (AccountState.LEFT_OUT, None)
    services.ask_roll_out(company.connection, [shop])
    assert company.roll_out() == 1


def test_only_an_organisation_can_be_rolled_out_and_only_to_its_accounts(company: Company) -> None:
    one = services.create("aws", "One", {"account_id": ACCOUNT})
    with pytest.raises(Conflict, match="reads one account"):
        services.ask_roll_out(one.id)
    with pytest.raises(Invalid, match="no such account"):
        services.ask_roll_out(company.connection, ["000000000000"])
    assert services.roll_out(one.id) is None
    services.disable(company.connection)
    assert services.roll_out(company.connection) is None


def test_the_first_read_of_an_organisation_connects_its_accounts(company: Company) -> None:
    shop = company.account("shop")
    with no_tenant():
        run_pending()  # a saved connection is read at once, and its accounts' after it
    own = company.row(shop).own
    assert own is not None
    assert own.status == ConnectionStatus.CONNECTED, own.status_reason


def test_two_workers_make_one_connection_of_each_account(
    committed_db: object, acme: OrgInfo, company: Company
) -> None:
    accounts = {company.account(f"team-{number}") for number in range(4)}
    assert at_once(acme, lambda: company.roll_out()) == []
    made = Connection.objects.exclude(pk=company.connection).values_list("settings__account_id", flat=True)
    assert sorted(made) == sorted(accounts)


def test_accounts_are_shown_with_their_connection_or_the_reason(company: Company, acme: OrgInfo) -> None:
    company.account("shop")
    late = company.account("late", deployed=False)
    company.roll_out()
    client = member(acme, "viewer")
    detail = client.get(f"/api/v1/connections/{company.connection}").json()
    assert detail["organization"]["accounts"] == {"connected": 1, "waiting": 1}
    listed = client.get(f"/api/v1/connections/{company.connection}/accounts").json()["data"]
    assert [(row["name"], row["state"]) for row in listed] == [("late", "waiting"), ("shop", "connected")]
    assert listed[0]["connection"] is None
    assert listed[0]["ref"] == late
    assert "does not let us in" in listed[0]["reason"]
    assert listed[1]["connection"]["status"] == "checking"
    waiting = client.get(f"/api/v1/connections/{company.connection}/accounts?state=waiting").json()["data"]
    assert [row["name"] for row in waiting] == ["late"]
    own = client.get(f"/api/v1/connections/{listed[1]['connection']['id']}").json()
    assert own["organization"] is None


def test_who_may_not_change_connections_may_not_roll_out(company: Company, acme: OrgInfo) -> None:
    path = f"/api/v1/connections/{company.connection}/roll-out"
    assert member(acme, "viewer").post(path, {}, format="json").status_code == 403
    assert member(acme, "admin").post(path, {}, format="json").status_code == 202
    wrong = member(acme, "admin").post(path, {"accounts": ["000000000000"]}, format="json")
    assert wrong.status_code == 422
    assert "none of its accounts" in wrong.content.decode()
