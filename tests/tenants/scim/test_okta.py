"""What Okta sends, in its order and its words (its SCIM 2.0 protocol reference), and what it needs back."""

from collections.abc import Callable
from typing import Any

from tenants.audit.models import Entry
from tenants.members.queries import member, role_of_user
from tenants.sso import services as sso
from tests.tenants.scim.provider import GROUP, PATCH, USER, ScimProvider

Inside = Callable[[], Any]
NEW = {
    "schemas": [USER],
    "userName": "test.user@acme.test",
    "name": {"givenName": "Test", "familyName": "User"},
    "emails": [{"primary": True, "value": "test.user@acme.test", "type": "work"}],
    "displayName": "Test User",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq",
    "active": True,
}


def test_the_connection_test_sees_a_list(provider: ScimProvider) -> None:
    answer = provider.get("/Users", startIndex=1, count=2)
    assert answer.status_code == 200
    body = answer.json()
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert (body["startIndex"], body["itemsPerPage"]) == (1, 2)
    assert isinstance(body["totalResults"], int)
    assert len(body["Resources"]) == 2
    assert provider.get("/Groups", startIndex=1, count=100).json()["totalResults"] == 0


def test_a_person_is_assigned_changed_deactivated_and_comes_back(
    provider: ScimProvider, inside: Inside
) -> None:
    wanted = 'userName eq "test.user@acme.test"'
    nobody = provider.get("/Users", filter=wanted, startIndex=1, count=100).json()
    assert (nobody["totalResults"], nobody["Resources"]) == (0, [])
    made = provider.send("POST", "/Users", NEW)
    assert made.status_code == 201
    user = made.json()
    assert made["Location"] == user["meta"]["location"] == f"http://acme.localhost/scim/v2/Users/{user['id']}"
    assert {name: user[name] for name in ("userName", "externalId", "displayName", "active")} == {
        "userName": "test.user@acme.test", "externalId": NEW["externalId"], "displayName": "Test User", "active": True,
    }  # fmt: skip
    assert user["name"] == NEW["name"]
    assert "password" not in user
    assert provider.get("/Users", filter=wanted).json()["Resources"][0]["id"] == user["id"]
    again = provider.send("POST", "/Users", NEW)
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")

    # An update: read, change, put the whole back.
    read = provider.get(f"/Users/{user['id']}").json()
    read["name"]["middleName"], read["name"]["givenName"] = "Excited", "Another"
    read["displayName"] = "Another User"
    put = provider.send("PUT", f"/Users/{user['id']}", read)
    assert (put.status_code, put.json()["name"]["givenName"]) == (200, "Another")
    with inside():
        changed = Entry.objects.filter(target=user["id"]).order_by("-sequence")[0]
        assert (changed.action, changed.actor_kind, changed.actor_name) == (
            "scim.user.change", "scim", "Company directory",
        )  # fmt: skip
        assert changed.after is not None
        assert changed.after["name"] == "Another User"

    off = provider.send(
        "PATCH",
        f"/Users/{user['id']}",
        {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": False}}]},
    )
    assert (off.status_code, off.json()["active"]) == (200, False)
    assert provider.get(f"/Users/{user['id']}").json()["active"] is False
    on = provider.send("PUT", f"/Users/{user['id']}", read | {"active": True})
    assert (on.status_code, on.json()["active"]) == (200, True)
    with inside():
        names = list(
            Entry.objects.filter(target=user["id"]).order_by("sequence").values_list("action", flat=True)
        )
    assert names == ["member.add", "scim.user.change", "member.suspend", "member.resume"]


def test_a_password_that_is_sent_opens_nothing(provider: ScimProvider) -> None:
    provider.send("POST", "/Users", NEW)
    body = {"email": "test.user@acme.test", "password": NEW["password"]}
    assert provider.client.post("/api/v1/session", body).status_code == 403


def test_a_member_who_was_there_before_is_matched_not_doubled(provider: ScimProvider, inside: Inside) -> None:
    found = provider.find("analyst@acme.test")
    assert (found["userName"], found["active"]) == ("analyst@acme.test", True)
    body = {**NEW, "userName": "analyst@acme.test", "displayName": "Ana Lyst"}
    body["emails"] = [{"primary": True, "value": "analyst@acme.test", "type": "work"}]
    put = provider.send("PUT", f"/Users/{found['id']}", body)
    assert (put.status_code, put.json()["externalId"], put.json()["displayName"]) == (
        200, NEW["externalId"], "Ana Lyst",
    )  # fmt: skip
    assert provider.get("/Users", filter='externalId eq "00ujl29u0le5T6Aj10h7"').json()["totalResults"] == 1


def test_groups_are_pushed_renamed_filled_emptied_and_unlinked(
    provider: ScimProvider, inside: Inside
) -> None:
    with inside():
        sso.change_policy(rules=[("Test SCIMv2", "analyst"), ("Test SCIMv20", "responder")])
    ann, bob = provider.new_user("ann"), provider.new_user("bob")
    made = provider.send("POST", "/Groups", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []})
    assert made.status_code == 201
    place = f"/Groups/{made.json()['id']}"

    def role(user: dict[str, Any]) -> str | None:
        with inside():
            return role_of_user(member(user["id"]).user)

    added = provider.patch(
        place, {"op": "add", "path": "members", "value": [{"value": ann["id"], "display": ann["userName"]}]}
    )
    assert added.status_code == 200
    assert [entry["value"] for entry in added.json()["members"]] == [ann["id"]]
    assert (role(ann), role(bob)) == ("analyst", "viewer")
    name = {"id": made.json()["id"], "displayName": "Test SCIMv20"}
    assert provider.patch(place, {"op": "replace", "value": name}).json()["displayName"] == "Test SCIMv20"
    assert role(ann) == "responder"
    swapped = provider.patch(
        place,
        {"op": "remove", "path": f'members[value eq "{ann["id"]}"]'},
        {"op": "add", "path": "members", "value": [{"value": bob["id"], "display": bob["userName"]}]},
    )
    assert [entry["value"] for entry in swapped.json()["members"]] == [bob["id"]]
    assert (role(ann), role(bob)) == ("viewer", "responder")
    full = [{"value": ann["id"]}, {"value": bob["id"]}]
    provider.patch(place, {"op": "replace", "path": "members", "value": full})
    assert (role(ann), role(bob)) == ("responder", "responder")
    assert provider.get(f"/Users/{ann['id']}").json()["groups"][0]["display"] == "Test SCIMv20"
    emptied = provider.send("PUT", place, {"schemas": [GROUP], "displayName": "Test SCIMv20", "members": []})
    assert (emptied.status_code, emptied.json().get("members")) == (200, None)
    assert role(ann) == "viewer"
    assert provider.send("DELETE", place).status_code == 204
    assert provider.get(place).status_code == 404
