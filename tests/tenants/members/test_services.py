"""Members: one permission table, nobody exceeds themselves, one owner always stays."""

import threading
from collections.abc import Callable
from itertools import combinations_with_replacement

import pytest
from django.db import connections

from tenants.accounts.queries import find_user
from tenants.audit.queries import entries
from tenants.errors import Conflict, DomainError, Invalid, NotFound, Refused
from tenants.isolation.context import tenant_context
from tenants.members.permissions import ALL, PERMISSIONS, Role, permissions_of
from tenants.members.queries import members, permissions_of_user, role_of_user
from tenants.members.services import add_member, change_role, remove_member, suspend_member
from tenants.orgs.types import OrgInfo
from tests.clients import member as member_of
from tests.database import TestDatabases
from tests.tenants.accounts.people import add_app, mails, sign_in


def membership(role: str) -> str:
    return next(row.id for row in members() if row.role == role)


def test_every_role_but_billing_reads_and_only_some_push() -> None:
    pushing = {role for role in Role if "blocks.push" in PERMISSIONS[role]}
    assert pushing == {Role.OWNER, Role.ADMIN, Role.RESPONDER}
    assert all("findings.read" in PERMISSIONS[role] for role in Role if role is not Role.BILLING)


def test_an_unknown_role_may_do_nothing() -> None:
    assert permissions_of("root") == frozenset()


def test_the_last_owner_cannot_leave_or_step_down(tenant: OrgInfo) -> None:
    owner = membership("owner")
    with pytest.raises(Conflict, match="last owner"):
        remove_member(owner, ALL)
    with pytest.raises(Conflict, match="last owner"):
        change_role(owner, "admin", ALL)
    assert membership("owner") == owner


def test_with_a_second_owner_the_first_may_leave(tenant: OrgInfo) -> None:
    owner = membership("owner")
    add_member("second@acme.test", "owner")
    remove_member(owner, ALL)
    assert [row.email for row in members() if row.role == "owner"] == ["second@acme.test"]


def demote(member_id: str) -> None:
    change_role(member_id, "admin", ALL)


def leave(member_id: str) -> None:
    remove_member(member_id, ALL)


@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("ways", list(combinations_with_replacement((leave, demote, suspend_member), 2)))
def test_of_owners_who_go_at_once_in_whatever_ways_one_stays(
    ways: tuple[Callable[[str], None], Callable[[str], None]], committed_db: TestDatabases, acme: OrgInfo
) -> None:
    with tenant_context(acme.schema_name):
        for number in range(3):
            add_member(f"second{number}@acme.test", "owner")
        owners = [row.id for row in members() if row.role == "owner"]
    outcomes: list[str] = []
    start = threading.Barrier(len(owners))

    def go(member_id: str, way: Callable[[str], None]) -> None:
        try:
            start.wait()
            with tenant_context(acme.schema_name):
                way(member_id)
            outcomes.append("went")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=go, args=(owner, ways[number % 2])) for number, owner in enumerate(owners)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["last-owner"] + ["went"] * 3
    with tenant_context(acme.schema_name):
        assert len([row for row in members() if row.role == "owner" and row.active]) == 1


@pytest.mark.asvs("7.4.5")
def test_an_administrator_signs_a_member_out_everywhere_within_their_rights(acme: OrgInfo) -> None:
    laptop, phone = sign_in(acme, "viewer@acme.test"), sign_in(acme, "viewer@acme.test")
    admin = member_of(acme, "admin")
    listed = {row["email"]: row["id"] for row in admin.get("/api/v1/members").json()["data"]}
    address = "/api/v1/members/{}/end-sessions"
    assert admin.post(address.format(listed["owner@acme.test"])).status_code == 403
    answer = admin.post(address.format(listed["viewer@acme.test"]))
    assert (answer.status_code, answer.json()) == (200, {"ended": 2})
    for client in (laptop, phone):
        assert client.get("/api/v1/session").status_code == 401
    assert sign_in(acme, "viewer@acme.test")
    with tenant_context(acme.schema_name):
        assert entries(action="member.end-sessions").count() == 1


@pytest.mark.asvs("6.5.6")
def test_an_administrator_clears_the_factors_of_who_lost_them_within_their_rights(
    acme: OrgInfo, run_jobs: Callable[..., int]
) -> None:
    viewer = sign_in(acme, "viewer@acme.test")
    add_app(viewer)
    run_jobs()
    admin = member_of(acme, "admin")
    listed = {row["email"]: row for row in admin.get("/api/v1/members").json()["data"]}
    assert listed["viewer@acme.test"]["second_factor"] is True
    assert listed["owner@acme.test"]["second_factor"] is False
    address = "/api/v1/members/{}/clear-factors"
    assert admin.post(address.format(listed["owner@acme.test"]["id"])).status_code == 403
    assert admin.post(address.format(listed["analyst@acme.test"]["id"])).status_code == 409
    answer = admin.post(address.format(listed["viewer@acme.test"]["id"]))
    assert (answer.status_code, answer.json()["second_factor"]) == (200, False)
    assert viewer.get("/api/v1/session").status_code == 401
    assert sign_in(acme, "viewer@acme.test")
    run_jobs()
    assert "An administrator of the workspace Acme removed" in mails("viewer@acme.test")[-1].body
    with tenant_context(acme.schema_name):
        [entry] = entries(action="member.clear-factors")
        assert entry.actor_name == "admin@acme.test"


@pytest.mark.asvs("8.2.1")
def test_nobody_gives_or_takes_more_than_they_have(tenant: OrgInfo) -> None:
    admin = permissions_of("admin")
    with pytest.raises(Refused):
        change_role(membership("viewer"), "owner", admin)
    with pytest.raises(Refused):
        remove_member(membership("owner"), admin)
    with pytest.raises(Refused):
        add_member("x@acme.test", "owner", holder=admin)


@pytest.mark.asvs("7.4.2", "8.3.2")
def test_a_removed_member_is_out_at_once(acme: OrgInfo) -> None:
    client = member_of(acme, "viewer")
    assert client.get("/api/v1/session").status_code == 200
    with tenant_context(acme.schema_name):
        user = find_user("viewer@acme.test")
        assert user is not None
        remove_member(membership("viewer"), ALL)
        assert role_of_user(user.id) is None
        assert permissions_of_user(user.id) == frozenset()
    assert client.get("/api/v1/session").status_code == 401
    assert client.get("/api/v1/members").status_code == 401


@pytest.mark.asvs("8.3.2")
def test_a_role_cut_counts_on_the_next_request(acme: OrgInfo) -> None:
    client = member_of(acme, "admin")
    assert client.get("/api/v1/tokens").status_code == 200
    with tenant_context(acme.schema_name):
        change_role(membership("admin"), "viewer", ALL)
    assert client.get("/api/v1/tokens").status_code == 403


def test_an_address_can_be_a_member_once(tenant: OrgInfo) -> None:
    with pytest.raises(Conflict, match="already here"):
        add_member("VIEWER@acme.test", "admin")


def test_unknown_roles_members_and_addresses_are_refused(tenant: OrgInfo) -> None:
    with pytest.raises(Invalid):
        add_member("x@acme.test", "root")
    with pytest.raises(Invalid):
        add_member("not an address", "viewer")
    with pytest.raises(NotFound):
        remove_member("mbr_nobody", ALL)
