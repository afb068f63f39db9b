"""Requests at once, on real commits: nothing is lost, nothing is done twice, nobody waits for ever."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connections

from tenants.audit.models import Entry
from tenants.audit.queries import verify
from tenants.isolation.context import no_tenant, tenant_context
from tenants.members.permissions import ALL
from tenants.members.queries import member, members
from tenants.members.services import change_role
from tenants.orgs.types import OrgInfo
from tenants.scim.models import GroupMember
from tenants.sso import services as sso
from tests.clients import TenantClient
from tests.database import TestDatabases
from tests.tenants.scim.provider import ScimProvider, person, replace


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start all of these at the same moment, each in a thread of its own; return what they returned, in order."""
    ready, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(at: int) -> None:
        try:
            ready.wait(20)
            found[at] = calls[at]()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return found


@pytest.fixture
def many(committed_db: TestDatabases, acme: OrgInfo, provider: ScimProvider) -> Callable[[], ScimProvider]:
    """The provider with a connection of its own for each thread."""
    return lambda: ScimProvider(TenantClient(acme.slug), provider.token)


Many = Callable[[], ScimProvider]


def patching(many: "Many", group: str, operation: dict[str, Any]) -> Callable[[], Any]:
    """A call that patches one group."""
    return lambda: many().patch(f"/Groups/{group}", operation).status_code


def test_two_patches_of_one_user_at_once_both_count(
    many: Many, provider: ScimProvider, acme: OrgInfo
) -> None:
    user = provider.new_user("ann")
    place = f"/Users/{user['id']}"
    answers = at_once(
        [
            lambda: many().patch(place, replace("displayName", "Changed")).status_code,
            lambda: many().patch(place, replace("externalId", "changed")).status_code,
            lambda: many().patch(place, replace("active", False)).status_code,
        ]
        * 2
    )
    assert set(answers) == {200}
    after = provider.get(place).json()
    assert (after["displayName"], after["externalId"], after["active"]) == ("Changed", "changed", False)
    with no_tenant(), tenant_context(acme.schema_name):
        names = list(Entry.objects.filter(target=user["id"]).values_list("action", flat=True))
        assert sorted(names) == ["member.add", "member.suspend", "scim.user.change", "scim.user.change"]
        assert verify().fault == ""


def test_with_a_version_only_one_of_two_patches_counts(many: Many, provider: ScimProvider) -> None:
    made = provider.send("POST", "/Users", person("ann"))
    place, version = f"/Users/{made.json()['id']}", made["ETag"]
    answers = at_once(
        [
            lambda name=name: many().patch(place, replace("displayName", name), if_match=version).status_code  # type: ignore[misc]
            for name in ("One", "Two", "Three")
        ]
    )
    assert sorted(answers) == [200, 412, 412]


def test_a_person_who_is_made_twice_at_once_is_one_person(
    many: Many, provider: ScimProvider, acme: OrgInfo
) -> None:
    answers = at_once([lambda: many().send("POST", "/Users", person("ann")).status_code] * 5)
    assert sorted(answers) == [201, 409, 409, 409, 409]
    with no_tenant(), tenant_context(acme.schema_name):
        assert [row.email for row in members()].count("ann@acme.test") == 1


def test_groups_and_rules_changed_at_once_end_in_the_role_of_all_of_it(
    many: Many, provider: ScimProvider, acme: OrgInfo
) -> None:
    ann = provider.new_user("ann")
    groups = [provider.new_group(f"group-{number}")["id"] for number in range(4)]
    add = {"op": "add", "path": "members", "value": [{"value": ann["id"]}]}

    def rules() -> None:
        with no_tenant(), tenant_context(acme.schema_name):
            sso.change_policy(rules=[("group-3", "admin"), ("group-1", "responder")], default_role="analyst")

    calls = [patching(many, id_, add) for id_ in groups]
    answers = at_once([*calls, rules])
    assert set(answers[:4]) == {200}
    assert {row["value"] for row in provider.get(f"/Users/{ann['id']}").json()["groups"]} == set(groups)
    with no_tenant(), tenant_context(acme.schema_name):
        assert member(ann["id"]).role == "admin"
    remove = {"op": "remove", "path": f'members[value eq "{ann["id"]}"]'}
    at_once([patching(many, id_, remove) for id_ in groups])
    with no_tenant(), tenant_context(acme.schema_name):
        assert member(ann["id"]).role == "analyst"


def test_a_person_removed_while_groups_take_them_in_is_in_no_group(
    many: Many, provider: ScimProvider, acme: OrgInfo
) -> None:
    ann = provider.new_user("ann")
    groups = [provider.new_group(f"group-{number}")["id"] for number in range(3)]
    add = {"op": "add", "path": "members", "value": [{"value": ann["id"]}]}
    calls = [patching(many, id_, add) for id_ in groups]
    answers = at_once([*calls, lambda: many().send("DELETE", f"/Users/{ann['id']}").status_code])
    assert answers[3] == 204
    assert set(answers[:3]) <= {200, 400}
    with no_tenant(), tenant_context(acme.schema_name):
        assert not GroupMember.objects.exists()


def test_of_two_owners_put_out_at_once_one_stays(many: Many, provider: ScimProvider, acme: OrgInfo) -> None:
    first, second = provider.find("owner@acme.test"), provider.find("admin@acme.test")
    with no_tenant(), tenant_context(acme.schema_name):
        change_role(second["id"], "owner", ALL)
    answers = at_once(
        [
            lambda: many().patch(f"/Users/{first['id']}", replace("active", "False")).status_code,
            lambda: many().send("DELETE", f"/Users/{second['id']}").status_code,
        ]
    )
    assert 409 in answers
    assert len({200, 204} & set(answers)) == 1
    with no_tenant(), tenant_context(acme.schema_name):
        assert [row.active for row in members() if row.role == "owner"].count(True) == 1


def test_a_third_token_is_not_made_by_being_quick(many: Many, provider: ScimProvider, acme: OrgInfo) -> None:
    from tests.tenants.scim.conftest import token_for

    def make() -> str:
        try:
            return token_for(acme)
        except Exception as error:
            return type(error).__name__

    assert sorted(map(len, at_once([make] * 4)))[:3] == [len("Conflict")] * 3
