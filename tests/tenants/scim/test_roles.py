"""A person's role follows their groups by the tenant's rules, and by nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from tenants.accounts.services import create_user
from tenants.audit.models import Entry
from tenants.errors import Invalid
from tenants.members.queries import member, members
from tenants.members.services import readmit_member
from tenants.orgs.types import OrgInfo
from tenants.sso import services as sso
from tests import clients
from tests.tenants.scim.provider import USER, ScimProvider, replace

Inside = Callable[[], Any]
RULES = [("Security Admins", "admin"), ("soc", "responder")]


@pytest.fixture
def rules(inside: Inside) -> None:
    """Two groups mean something; the rest is analysts."""
    with inside():
        sso.change_policy(rules=RULES, default_role="analyst")


def role(inside: Inside, user: dict[str, Any]) -> str:
    with inside():
        return member(user["id"]).role


def belongs(user: dict[str, Any]) -> dict[str, Any]:
    return {"op": "add", "path": "members", "value": [{"value": user["id"]}]}


def leaves(user: dict[str, Any]) -> dict[str, Any]:
    return {"op": "remove", "path": f'members[value eq "{user["id"]}"]'}


def test_the_first_rule_that_fits_decides_and_each_way_out_of_a_group_counts_at_once(
    provider: ScimProvider, rules: None, inside: Inside
) -> None:
    ann = provider.new_user("ann")
    assert role(inside, ann) == "analyst"
    soc, admins = provider.new_group("SOC", ann["id"]), provider.new_group("security admins")
    assert role(inside, ann) == "responder"
    provider.patch(f"/Groups/{admins['id']}", belongs(ann))
    assert role(inside, ann) == "admin"
    provider.patch(f"/Groups/{admins['id']}", replace("displayName", "Former admins"))
    assert role(inside, ann) == "responder"
    provider.send("DELETE", f"/Groups/{soc['id']}")
    assert role(inside, ann) == "analyst"
    provider.patch(f"/Groups/{admins['id']}", replace("displayName", "Security Admins"))
    assert role(inside, ann) == "admin"
    provider.patch(f"/Groups/{admins['id']}", leaves(ann))
    assert role(inside, ann) == "analyst"


def test_new_rules_count_for_provisioned_people_at_once(
    provider: ScimProvider, rules: None, inside: Inside, acme: OrgInfo
) -> None:
    ann = provider.new_user("ann")
    provider.new_group("hunters", ann["id"])
    assert role(inside, ann) == "analyst"
    body = {"rules": [{"group": "Hunters", "role": "responder"}]}
    assert clients.member(acme, "owner").patch("/api/v1/sso/policy", body).status_code == 200
    assert role(inside, ann) == "responder"


def test_no_group_makes_or_unmakes_an_owner(provider: ScimProvider, rules: None, inside: Inside) -> None:
    owner = provider.find("owner@acme.test")
    group = provider.new_group("soc", owner["id"])
    provider.patch(f"/Groups/{group['id']}", replace("displayName", "owner"))
    assert role(inside, owner) == "owner"
    with inside(), pytest.raises(Invalid):
        sso.change_policy(rules=[("owner", "owner")])


@pytest.mark.parametrize("attribute", ["roles", "entitlements", "role", "userType"])
def test_no_attribute_makes_a_role(
    attribute: str, provider: ScimProvider, rules: None, inside: Inside
) -> None:
    value = [{"value": "owner", "primary": True}]
    ann = provider.new_user("ann", **{attribute: value})
    provider.patch(f"/Users/{ann['id']}", {"op": "add", "path": attribute, "value": value})
    provider.send(
        "PUT", f"/Users/{ann['id']}", {"schemas": [USER], "userName": "ann@acme.test", attribute: value}
    )
    assert role(inside, ann) == "analyst"


def test_a_person_nobody_put_in_a_group_keeps_the_role_an_owner_gave(
    provider: ScimProvider, rules: None, inside: Inside
) -> None:
    found = provider.find("responder@acme.test")
    provider.patch(f"/Users/{found['id']}", replace("displayName", "Rob"))
    assert role(inside, found) == "responder"


def test_a_role_that_was_cut_is_cut_in_the_next_request(
    provider: ScimProvider, rules: None, inside: Inside, acme: OrgInfo
) -> None:
    session, admin = clients.member(acme, "admin"), provider.find("admin@acme.test")
    group = provider.new_group("Security Admins", admin["id"])
    assert session.get("/api/v1/tokens").status_code == 200
    provider.patch(f"/Groups/{group['id']}", leaves(admin))
    assert session.get("/api/v1/tokens").status_code == 403


def test_a_suspended_person_may_be_moved_between_groups_and_comes_back_in_their_role(
    provider: ScimProvider, rules: None, inside: Inside
) -> None:
    ann = provider.new_user("ann", active=False)
    provider.new_group("soc", ann["id"])
    assert role(inside, ann) == "responder"
    with inside():
        assert [row.active for row in members() if row.id == ann["id"]] == [False]
    provider.patch(f"/Users/{ann['id']}", replace("active", True))
    assert role(inside, ann) == "responder"


def test_a_large_group_is_changed_in_one_request_and_its_roles_follow_in_portions(
    provider: ScimProvider, rules: None, inside: Inside, run_jobs: Callable[..., int]
) -> None:
    with inside():
        ids = [
            readmit_member(create_user(f"p{number}@acme.test", password=None), "analyst")
            for number in range(120)
        ]

    def responders() -> int:
        with inside():
            return sum(1 for row in members() if row.role == "responder") - 1

    group = provider.new_group("everyone", *ids)
    assert len(provider.get(f"/Groups/{group['id']}").json()["members"]) == 120
    run_jobs()
    provider.patch(f"/Groups/{group['id']}", replace("displayName", "soc"))
    assert responders() == 100
    run_jobs()
    assert responders() == 120
    gone = {"op": "Remove", "path": "members", "value": [{"value": id_} for id_ in ids[:119]]}
    assert len(provider.patch(f"/Groups/{group['id']}", gone).json()["members"]) == 1
    run_jobs()
    assert responders() == 1
    with inside():
        made = Entry.objects.filter(action="member.role")
        assert set(made.values_list("actor_kind", "actor_name")) == {("scim", "Company directory")}
        assert made.count() == 120 + 119
