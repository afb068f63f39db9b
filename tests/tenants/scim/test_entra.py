"""What Entra ID sends (its tutorial and its list of known deviations), and what it needs back."""

from collections.abc import Callable
from typing import Any

import pytest

from tenants.members.queries import member, role_of_user
from tenants.sso import services as sso
from tests.tenants.scim.provider import PATCH, USER, ScimProvider

Inside = Callable[[], Any]
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NEW = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Test_User_1@acme.test",
    "active": True,
    "emails": [{"primary": True, "type": "work", "value": "Test_User_1@acme.test"}],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
    "roles": [],
    ENTERPRISE: {"department": "Security", "manager": "123456"},
}


@pytest.fixture
def made(provider: ScimProvider) -> dict[str, Any]:
    """A user as Entra ID makes them."""
    answer = provider.send("POST", "/Users", NEW)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_the_connection_test_asks_for_somebody_who_is_not_there(provider: ScimProvider) -> None:
    answer = provider.get("/Users", filter='userName eq "8f5a1a3e-1f5c-4a6e-a5cf-1f3a6d8b0f3e"')
    assert (answer.status_code, answer.json()["totalResults"], answer.json()["Resources"]) == (200, 0, [])
    nothing = provider.get("/Users/5171a35d82074e068ce2")
    assert nothing.status_code == 404
    assert nothing.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_what_is_kept_is_returned_as_it_was_sent_and_nothing_else_is_kept(
    provider: ScimProvider, made: dict[str, Any]
) -> None:
    assert made["userName"] == NEW["userName"]
    assert made["emails"] == NEW["emails"]
    assert made["name"] == NEW["name"]
    assert ENTERPRISE not in made
    assert "roles" not in made


@pytest.mark.parametrize(
    "wanted",
    [
        'userName eq "test_user_1@ACME.test"',
        'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
        'emails[type eq "work"].value eq "test_user_1@acme.test"',
        'emails[type eq "work" and value eq "Test_User_1@acme.test"]',
        'userName eq "Test_User_1@acme.test" and active eq true',
    ],
)
def test_it_finds_the_user_by(wanted: str, provider: ScimProvider, made: dict[str, Any]) -> None:
    found = provider.get("/Users", filter=wanted).json()
    assert [row["id"] for row in found["Resources"]] == [made["id"]]


@pytest.mark.parametrize(
    "wanted",
    [
        'externalId eq "0A21F0F2-8D2A-4F8E-BF98-7363C4AED4EF"',
        'emails[type eq "home"].value eq "test_user_1@acme.test"',
        'userName eq "Test_User_1@acme.test" and active eq false',
    ],
)
def test_it_does_not_find_the_user_by(wanted: str, provider: ScimProvider, made: dict[str, Any]) -> None:
    assert provider.get("/Users", filter=wanted).json()["totalResults"] == 0


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "value": {"active": "False"}},
        {"op": "Add", "path": "active", "value": "false"},
    ],
)
def test_every_way_to_disable_disables(
    operation: dict[str, Any], provider: ScimProvider, made: dict[str, Any]
) -> None:
    answer = provider.patch(f"/Users/{made['id']}", operation)
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    enabled = provider.patch(f"/Users/{made['id']}", {**operation, **_true(operation)})
    assert (enabled.status_code, enabled.json()["active"]) == (200, True)


def _true(operation: dict[str, Any]) -> dict[str, Any]:
    return {"value": "True"} if "path" in operation else {"value": {"active": "True"}}


def test_several_attributes_one_by_one(provider: ScimProvider, made: dict[str, Any]) -> None:
    answer = provider.patch(
        f"/Users/{made['id']}",
        {"op": "Replace", "path": "displayName", "value": "Pvlo"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "renamed@acme.test"},
        {"op": "Replace", "path": "name.givenName", "value": "Gtfd"},
        {"op": "Add", "path": "externalId", "value": "Eqpj"},
        {"op": "Replace", "path": f"{ENTERPRISE}:employeeNumber", "value": "Eqpj"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "55555555555"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": [{"$ref": None, "value": "123"}]},
    )
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["displayName"], body["externalId"], body["name"]["givenName"]) == ("Pvlo", "Eqpj", "Gtfd")
    assert body["emails"] == [{"primary": True, "type": "work", "value": "renamed@acme.test"}]
    assert "phoneNumbers" not in body


def test_several_attributes_in_one_value_also_those_that_select(
    provider: ScimProvider, made: dict[str, Any]
) -> None:
    value = {
        "displayName": "Bjfe",
        "name.givenName": "Kkom",
        "name.familyName": "Unua",
        f"{ENTERPRISE}:employeeNumber": "Aklq",
        'emails[type eq "work"].value': "other@acme.test",
    }
    body = provider.patch(f"/Users/{made['id']}", {"op": "replace", "value": value}).json()
    assert (body["displayName"], body["name"]["givenName"], body["name"]["familyName"]) == (
        "Bjfe", "Kkom", "Unua",
    )  # fmt: skip
    assert body["emails"][0]["value"] == "other@acme.test"


def test_an_address_of_a_kind_the_user_has_not_is_added(provider: ScimProvider, made: dict[str, Any]) -> None:
    operation = {"op": "Add", "path": 'emails[type eq "other"].value', "value": "other@acme.test"}
    body = provider.patch(f"/Users/{made['id']}", operation).json()
    assert {entry["type"]: entry["value"] for entry in body["emails"]} == {
        "work": "Test_User_1@acme.test", "other": "other@acme.test",
    }  # fmt: skip


def test_a_group_with_the_schema_only_entra_knows(provider: ScimProvider, inside: Inside) -> None:
    with inside():
        sso.change_policy(rules=[("SOC", "responder")])
    body = {
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
        ],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "SOC",
        "meta": {"resourceType": "Group"},
    }
    made = provider.send("POST", "/Groups", body)
    assert made.status_code == 201, made.content
    group = made.json()
    ann = provider.new_user("ann")
    read = provider.get(f"/Groups/{group['id']}", excludedAttributes="members")
    assert (read.status_code, "members" in read.json()) == (200, False)
    listed = provider.get("/Groups", excludedAttributes="members", filter='displayName eq "soc"').json()
    assert [row["externalId"] for row in listed["Resources"]] == [body["externalId"]]

    def role() -> str | None:
        with inside():
            return role_of_user(member(ann["id"]).user)

    entry = [{"$ref": None, "value": ann["id"]}]
    added = provider.patch(f"/Groups/{group['id']}", {"op": "Add", "path": "members", "value": entry})
    assert added.status_code == 200
    assert role() == "responder"
    inside_now = provider.get("/Groups", filter=f'id eq "{group["id"]}" and members eq "{ann["id"]}"').json()
    assert inside_now["totalResults"] == 1
    provider.patch(f"/Groups/{group['id']}", {"op": "Remove", "path": "members", "value": entry})
    assert role() == "viewer"
    assert provider.get("/Groups", filter=f'members eq "{ann["id"]}"').json()["totalResults"] == 0


def test_flags_in_the_address_do_no_harm(provider: ScimProvider, made: dict[str, Any]) -> None:
    answer = provider.get("/Users", aadOptscim062020="", filter='userName eq "Test_User_1@acme.test"')
    assert answer.json()["totalResults"] == 1


def test_a_member_of_the_body_may_be_written_in_any_case(
    provider: ScimProvider, made: dict[str, Any]
) -> None:
    body = {"Schemas": [PATCH], "operations": [{"Op": "REPLACE", "Path": "DISPLAYNAME", "Value": "Any"}]}
    answer = provider.send("PATCH", f"/Users/{made['id']}", body)
    assert (answer.status_code, answer.json()["displayName"]) == (200, "Any")


def test_a_user_is_deleted_for_good_and_may_be_made_again(
    provider: ScimProvider, made: dict[str, Any], inside: Inside
) -> None:
    assert provider.send("DELETE", f"/Users/{made['id']}").status_code == 204
    assert provider.get(f"/Users/{made['id']}").status_code == 404
    assert provider.send("DELETE", f"/Users/{made['id']}").status_code == 404
    assert provider.get("/Users", filter='userName eq "test_user_1@acme.test"').json()["totalResults"] == 0
    again = provider.send("POST", "/Users", NEW)
    assert again.status_code == 201
    assert again.json()["id"] != made["id"]
