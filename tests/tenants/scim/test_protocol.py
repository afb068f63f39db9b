"""The protocol's own rules: who may ask, how errors look, lists, versions, limits, upper and lower case."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tenants.audit.models import Entry
from tenants.members.queries import members
from tenants.orgs.types import OrgInfo
from tenants.scim import documents
from tenants.scim.models import Person
from tests import clients
from tests.clients import TenantClient
from tests.tenants.scim.provider import ERROR, GROUP, PATCH, ROOT, USER, ScimProvider, person, replace

Inside = Callable[[], Any]
ADDRESSES = (
    ("GET", "/Users"), ("POST", "/Users"), ("GET", "/Users/x"), ("PUT", "/Users/x"), ("PATCH", "/Users/x"),
    ("DELETE", "/Users/x"), ("GET", "/Groups"), ("POST", "/Groups"), ("GET", "/Groups/x"), ("PUT", "/Groups/x"),
    ("PATCH", "/Groups/x"), ("DELETE", "/Groups/x"), ("GET", "/ServiceProviderConfig"), ("GET", "/ResourceTypes"),
    ("GET", "/ResourceTypes/User"), ("GET", "/Schemas"), ("GET", f"/Schemas/{USER}"), ("GET", "/Me"), ("POST", "/Bulk"),
    ("POST", "/.search"), ("POST", "/Users/.search"), ("GET", "/nothing"), ("OPTIONS", "/Users"), ("TRACE", "/Users"),
)  # fmt: skip


def refused(answer: Any, status: int, scim_type: str | None = None, words: str = "") -> None:
    """The answer is a SCIM error with this status and keyword, and no word of what is inside."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/scim+json"
    body = answer.json()
    assert body["schemas"] == [ERROR]
    assert body["status"] == str(status)
    if scim_type is not None:
        assert body.get("scimType") == scim_type, body
    assert words.lower() in body["detail"].lower()
    assert not any(word in body["detail"] for word in ("Traceback", "pydantic", "psycopg", "\n", "SELECT"))


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_nothing_is_answered_without_a_scim_token(
    method: str, path: str, provider: ScimProvider, acme: OrgInfo
) -> None:
    for header in ("", "Bearer", "Bearer x", f"Basic {provider.token}", f"Bearer {provider.token}x"):
        refused(provider.send(method, path, {}, authorization=header), 401)
    api = clients.bearer(acme, ["members.read", "findings.read"])
    refused(provider.send(method, path, {}, authorization=api), 401)
    owner = clients.member(acme, "owner")
    refused(ScimProvider(owner, "").send(method, path, {}, authorization=""), 401)


def test_an_answer_without_token_asks_for_one(provider: ScimProvider) -> None:
    assert provider.send("GET", "/Users", authorization="")["WWW-Authenticate"].startswith("Bearer")


def test_no_scim_address_exists_outside_a_tenant(provider: ScimProvider, acme: OrgInfo) -> None:
    for slug in ("", "nobody"):
        elsewhere = ScimProvider(TenantClient(slug), provider.token)
        assert elsewhere.send("GET", "/Users").status_code == 404


def test_every_answer_is_of_scims_own_type_and_kept_by_no_cache(provider: ScimProvider) -> None:
    for path in ("/Users", "/Groups", "/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/nothing"):
        answer = provider.get(path)
        assert answer["Content-Type"] == "application/scim+json"
        assert answer["Cache-Control"] == "no-store"


def test_what_is_offered_is_described(provider: ScimProvider) -> None:
    config = provider.get("/ServiceProviderConfig").json()
    offered = {
        name: config[name]["supported"]
        for name in ("patch", "filter", "etag", "bulk", "sort", "changePassword")
    }
    assert offered == {
        "patch": True, "filter": True, "etag": True, "bulk": False, "sort": False, "changePassword": False,
    }  # fmt: skip
    users = provider.get(f"/Schemas/{USER}").json()
    assert [row["name"] for row in users["attributes"]] == [
        "userName", "name", "displayName", "active", "emails", "groups",
    ]  # fmt: skip
    types = provider.get("/ResourceTypes").json()
    assert {row["endpoint"] for row in types["Resources"]} == {"/Users", "/Groups"}
    assert provider.get("/ResourceTypes/Group").json()["schema"] == GROUP
    refused(provider.get("/Schemas", filter='id eq "x"'), 403)
    refused(provider.get("/Schemas/urn:nothing"), 404)
    refused(provider.send("POST", "/Schemas", {}), 405)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/Me"), ("POST", "/Bulk"), ("POST", "/.search"), ("POST", "/Groups/.search")]
)
def test_what_is_not_offered_says_so(method: str, path: str, provider: ScimProvider) -> None:
    refused(provider.send(method, path, {}), 501)


BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "invalidSyntax"),
    "no JSON": (b"{", 400, "invalidSyntax"),
    "a list": (b"[]", 400, "invalidSyntax"),
    "a number": (b"1", 400, "invalidSyntax"),
    "NaN": (b'{"a": NaN}', 400, "invalidSyntax"),
    "another encoding": ('{"userName": "ä"}'.encode("latin-1"), 400, "invalidSyntax"),
    "deep nesting": (b'{"a":' * 40 + b"1" + b"}" * 40, 400, "invalidSyntax"),
    "very deep nesting": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "invalidSyntax"),
    "a character nothing can hold": (b'{"userName": "a\\u0000b"}', 400, "invalidValue"),
    "half a character": (b'{"userName": "\\ud800@acme.test"}', 400, "invalidSyntax"),
    "more than is taken": (b'{"userName": "' + b"x" * 1_100_000 + b'"}', 413, ""),
}


@pytest.mark.parametrize("what", BODIES)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/Users"), ("POST", "/Groups"), ("PATCH", "/Users/{id}")]
)
def test_a_body_is_refused_with(what: str, method: str, path: str, provider: ScimProvider) -> None:
    body, status, keyword = BODIES[what]
    user = provider.find("viewer@acme.test")
    refused(
        provider.send(method, path.format(id=user["id"]), body),
        status,
        keyword or None,
        "nothing was changed",
    )


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_another_media_type_is_refused(kind: str, provider: ScimProvider) -> None:
    refused(provider.send("POST", "/Users", person("ann"), content_type=kind), 415)


@pytest.mark.parametrize("kind", ["application/json", "application/scim+json; charset=utf-8", "text/json"])
def test_json_by_its_other_names_is_taken(kind: str, provider: ScimProvider) -> None:
    assert provider.send("POST", "/Users", person("ann"), content_type=kind).status_code == 201


USERS: dict[str, tuple[dict[str, Any], str]] = {
    "no user name": ({"userName": None}, "userName"),
    "an empty user name": ({"userName": " "}, "userName"),
    "a user name that is an object": ({"userName": {"a": 1}}, "userName"),
    "a long user name": ({"userName": f"{'x' * 300}@acme.test"}, "longer"),
    "control characters": ({"displayName": "Ann\r\nSet-Cookie: x"}, "control characters"),
    "no usable address": ({"userName": "ann", "emails": []}, "usable e-mail address"),
    "an address that is none": ({"emails": [{"value": "ann at acme", "primary": True}]}, "usable e-mail address"),
    "an address that only looks like one": ({"userName": "\u212aim@acme.test", "emails": []}, "usable e-mail"),
    "a domain that only looks like one": ({"emails": [{"value": "kim@acme.te\u017ft", "primary": True}]}, "usable"),
    "an address elsewhere": ({"emails": [{"value": "ann@evil.test", "primary": True}]}, "evil.test is not verified"),
    "an address in a sub-domain": ({"emails": [{"value": "ann@x.acme.test", "primary": True}]}, "is not verified"),
    "two primary addresses": (
        {"emails": [{"value": "a@acme.test", "primary": True}, {"value": "b@acme.test", "primary": True}]}, "",
    ),
    "emails that are no list": ({"emails": "ann@acme.test"}, "emails"),
    "active that is no yes or no": ({"active": "perhaps"}, "active"),
    "many addresses": ({"emails": [{"value": f"a{n}@acme.test"} for n in range(30)]}, "more than 20"),
}  # fmt: skip


@pytest.mark.parametrize("what", USERS)
def test_no_user_is_made_of(what: str, provider: ScimProvider, inside: Inside) -> None:
    changes, words = USERS[what]
    with inside():
        before = len(members())
    refused(provider.send("POST", "/Users", person("ann") | changes), 400, "invalidValue", words)
    with inside():
        assert len(members()) == before
        assert not Person.objects.exists()


OPERATIONS: dict[str, tuple[Any, str]] = {
    "no operations": ({"schemas": [PATCH]}, "invalidSyntax"),
    "an empty list": ({"schemas": [PATCH], "Operations": []}, "invalidSyntax"),
    "operations that are none": ({"schemas": [PATCH], "Operations": ["x"]}, "invalidSyntax"),
    "too many operations": ({"schemas": [PATCH], "Operations": [replace("active", True)] * 501}, "invalidValue"),
    "an unknown operation": ({"schemas": [PATCH], "Operations": [{"op": "move", "path": "a"}]}, "invalidValue"),
    "no operation": ({"schemas": [PATCH], "Operations": [{"path": "active", "value": True}]}, "invalidValue"),
    "a removal without path": ({"schemas": [PATCH], "Operations": [{"op": "remove"}]}, "noTarget"),
    "a broken path": ({"schemas": [PATCH], "Operations": [replace("emails[", "x")]}, "invalidPath"),
    "a long path": ({"schemas": [PATCH], "Operations": [replace("a" * 5000, "x")]}, "invalidValue"),
    "a deep path": (
        {"schemas": [PATCH], "Operations": [replace(f"emails[{'not (' * 60}type pr{')' * 60}]", "x")]}, "invalidPath",
    ),
    "a read-only target": ({"schemas": [PATCH], "Operations": [replace("id", "mbr_x")]}, "mutability"),
    "a read-only target in a value": (
        {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"id": "mbr_x"}}]}, "mutability",
    ),
    "its groups": ({"schemas": [PATCH], "Operations": [replace("groups", [{"value": "x"}])]}, "mutability"),
    "taking the user name away": ({"schemas": [PATCH], "Operations": [{"op": "remove", "path": "userName"}]}, "mutability"),
    "taking active away": ({"schemas": [PATCH], "Operations": [{"op": "remove", "path": "active"}]}, "mutability"),
    "a value of the wrong kind": ({"schemas": [PATCH], "Operations": [replace("active", "perhaps")]}, "invalidValue"),
    "an object for a text": ({"schemas": [PATCH], "Operations": [replace("displayName", {"a": 1})]}, "invalidValue"),
    "an add without value": ({"schemas": [PATCH], "Operations": [{"op": "add", "path": "displayName"}]}, "invalidValue"),
    "more than anybody has": (
        {"schemas": [PATCH], "Operations": [replace("emails", [{"value": f"a{n}@acme.test"} for n in range(61)])]},
        "invalidValue",
    ),
    "an address elsewhere": (
        {"schemas": [PATCH], "Operations": [replace("emails", [{"value": "a@evil.test"}])]}, "invalidValue",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", OPERATIONS)
def test_a_patch_is_refused_whole_with(what: str, provider: ScimProvider, inside: Inside) -> None:
    document, keyword = OPERATIONS[what]
    user = provider.new_user("ann")
    operations = document.get("Operations")
    if operations and isinstance(operations[0], dict):
        document = {**document, "Operations": [replace("displayName", "Changed"), *operations][:501]}
    with inside():
        before = Entry.objects.count()
    refused(provider.send("PATCH", f"/Users/{user['id']}", document), 400, keyword, "")
    assert provider.get(f"/Users/{user['id']}").json() == user
    with inside():
        assert Entry.objects.count() == before


def test_what_changes_nothing_leaves_no_trace(provider: ScimProvider, inside: Inside) -> None:
    user, group = provider.new_user("ann"), provider.new_group("soc")
    provider.patch(
        f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    )
    user, group = (
        provider.get(f"/{kind}/{row['id']}").json() for kind, row in (("Users", user), ("Groups", group))
    )
    with inside():
        before = Entry.objects.count()
    for _ in range(2):
        provider.patch(f"/Users/{user['id']}", replace("active", True), replace("displayName", "Ann"))
        provider.send("PUT", f"/Users/{user['id']}", user)
        provider.patch(
            f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
        )
        provider.send("PUT", f"/Groups/{group['id']}", group)
    with inside():
        assert Entry.objects.count() == before
    assert provider.get(f"/Users/{user['id']}").json() == user
    assert provider.get(f"/Groups/{group['id']}").json() == group


def test_a_put_leaves_alone_what_it_does_not_name_and_clears_what_it_empties(provider: ScimProvider) -> None:
    user = provider.new_user("ann", name={"givenName": "Ann", "familyName": "Ash"})
    provider.patch(f"/Users/{user['id']}", replace("active", False))
    kept = provider.send(
        "PUT", f"/Users/{user['id']}", {"schemas": [USER], "userName": "ann@acme.test"}
    ).json()
    assert (kept["active"], kept["externalId"], kept["name"]) == (False, user["externalId"], user["name"])
    cleared = provider.send(
        "PUT",
        f"/Users/{user['id']}",
        {"schemas": [USER], "userName": "ann@acme.test", "name": None, "emails": []},
    ).json()
    assert "name" not in cleared
    assert "emails" not in cleared


def test_names_and_user_names_are_compared_without_regard_to_case_ids_are_not(provider: ScimProvider) -> None:
    user = provider.new_user("ann")
    for text in (
        'USERNAME eq "ANN@acme.TEST"',
        'userName EQ "ann@ACME.test"',
        f'{USER}:userName eq "ann@acme.test"',
    ):
        assert provider.get("/Users", filter=text).json()["totalResults"] == 1
    refused(provider.send("POST", "/Users", person("ann") | {"userName": "ANN@ACME.TEST"}), 409, "uniqueness")
    assert provider.get(f"/Users/{user['id'].upper()}").status_code == 404
    provider.new_group("SOC")
    refused(provider.send("POST", "/Groups", {"schemas": [GROUP], "displayName": "soc"}), 409, "uniqueness")


def test_a_user_name_of_a_member_provisioning_never_saw_is_taken_too(provider: ScimProvider) -> None:
    body = person("ann") | {"userName": "Viewer@acme.test"}
    refused(provider.send("POST", "/Users", body), 409, "uniqueness")
    ann = provider.new_user("ann")
    refused(provider.patch(f"/Users/{ann['id']}", replace("userName", "viewer@acme.test")), 409, "uniqueness")
    emails = [{"value": "viewer@acme.test", "primary": True}]
    refused(provider.patch(f"/Users/{ann['id']}", replace("emails", emails)), 409, "uniqueness")


FILTERS: dict[str, int] = {
    'userName sw "per"': 3, 'userName co "on-1"': 1, 'userName ew "acme.test"': 9, 'displayName eq "PERSON-2"': 1,
    'userName eq "person-0@acme.test" or userName eq "person-1@acme.test"': 2,
    'userName sw "per" and not (userName ew "0@acme.test")': 2, "externalId pr": 3, "userName pr": 9, "active eq true": 9,
    'userName sw "per" and meta.created gt "2020-01-01T00:00:00Z"': 3, 'meta.lastModified lt "2020-01-01T00:00:00Z"': 0,
    'externalId ne "external-person-0"': 8,
}  # fmt: skip


def test_filters_find_what_they_say(provider: ScimProvider) -> None:
    for number in range(3):
        provider.new_user(f"person-{number}")
    assert {text: provider.get("/Users", filter=text).json()["totalResults"] for text in FILTERS} == FILTERS


@pytest.mark.parametrize(
    "text",
    [
        "userName", "userName eq ann", 'userName eq "ann', 'title eq "x"', 'password eq "x"', 'userName gt "a"',
        "active gt true",
        'emails co "x"', 'emails[type eq "work"]', 'emails[type co "w" or value eq "x"]', 'not (emails[value eq "x"])',
        'groups eq "x"', f'userName eq "{"x" * 2000}"', "not (" * 150 + 'userName eq "x"' + ")" * 150, 'userName eq "a\0b"',
        'meta.created gt "yesterday"', 'name.familyName eq "x"',
    ],
)  # fmt: skip
def test_a_filter_that_is_not_offered_is_refused_not_ignored(text: str, provider: ScimProvider) -> None:
    answer = provider.get("/Users", filter=text)
    assert answer.json().get("scimType") in ("invalidFilter", "invalidValue"), answer.content
    refused(answer, 400)


def test_lists_are_cut_in_pages_that_neither_lose_nor_repeat(provider: ScimProvider) -> None:
    for number in range(7):
        provider.new_user(f"person-{number}")
    whole = [row["id"] for row in provider.get("/Users").json()["Resources"]]
    pages: list[str] = []
    for start in range(1, len(whole) + 1, 4):
        body = provider.get("/Users", startIndex=start, count=4).json()
        assert (body["startIndex"], body["totalResults"]) == (start, len(whole))
        assert body["itemsPerPage"] == len(body["Resources"])
        pages += [row["id"] for row in body["Resources"]]
    assert pages == whole


@pytest.mark.parametrize(
    ("query", "start", "shown"),
    [
        ({"startIndex": "0"}, 1, 6), ({"startIndex": "-5"}, 1, 6), ({"count": "0"}, 1, 0), ({"count": "-1"}, 1, 0),
        ({"startIndex": "999999999"}, 999999999, 0), ({"count": "999999999"}, 1, 6),
    ],
)  # fmt: skip
def test_pages_that_are_none_are_read_as_the_rfc_says(
    query: dict[str, str], start: int, shown: int, provider: ScimProvider
) -> None:
    body = provider.get("/Users", **query).json()
    assert (body["startIndex"], len(body["Resources"]), body["totalResults"]) == (start, shown, 6)


@pytest.mark.parametrize(
    "query", [{"startIndex": "x"}, {"count": "1.5"}, {"startIndex": "9" * 30}, {"attributes": "a b"}]
)
def test_parameters_nobody_can_read_are_refused(query: dict[str, str], provider: ScimProvider) -> None:
    refused(provider.get("/Users", **query), 400)


def test_attributes_are_chosen_and_left_out(provider: ScimProvider) -> None:
    user = provider.new_user("ann")
    few = provider.get(f"/Users/{user['id']}", attributes="userName").json()
    assert set(few) <= {"schemas", "id", "userName"}
    most = provider.get(
        "/Users", excludedAttributes="emails,name", filter='userName eq "ann@acme.test"'
    ).json()
    assert "emails" not in most["Resources"][0]
    assert "userName" in most["Resources"][0]
    assert (
        "emails" not in provider.send("PUT", f"/Users/{user['id']}?attributes=userName", person("ann")).json()
    )


def test_a_version_that_is_old_changes_nothing(provider: ScimProvider) -> None:
    made = provider.send("POST", "/Users", person("ann"))
    place, version = f"/Users/{made.json()['id']}", made["ETag"]
    assert made.json()["meta"]["version"] == version
    assert provider.send("GET", place, if_none_match=version).status_code == 304
    changed = provider.patch(place, replace("displayName", "Changed"), if_match=version)
    assert changed.status_code == 200
    assert changed["ETag"] != version
    assert provider.send("GET", place, if_none_match=version).status_code == 200
    for method, body in (
        ("PUT", person("ann")),
        ("PATCH", {"Operations": [replace("active", False)]}),
        ("DELETE", None),
    ):
        refused(provider.send(method, place, body, if_match=version), 412)
    assert provider.get(place).json()["displayName"] == "Changed"
    assert provider.patch(place, replace("active", False), if_match="*").status_code == 200
    group = provider.send("POST", "/Groups", {"schemas": [GROUP], "displayName": "soc"})
    place = f"/Groups/{group.json()['id']}"
    assert provider.patch(place, replace("displayName", "soc2"), if_match=group["ETag"]).status_code == 200
    refused(provider.patch(place, replace("displayName", "soc3"), if_match=group["ETag"]), 412)
    refused(provider.send("DELETE", place, if_match=group["ETag"]), 412)


@pytest.mark.parametrize("path", ["/Users/%00", "/Groups/a%00b", "/Users?filter=%00", "/Users/%ff%fe"])
def test_characters_nothing_can_hold_are_refused_in_addresses(path: str, provider: ScimProvider) -> None:
    assert provider.send("GET", path).status_code in (400, 404)


GROUPS: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"displayName": None}, "displayName"),
    "an empty name": ({"displayName": " "}, "displayName"),
    "a long name": ({"displayName": "x" * 300}, "longer"),
    "a member nobody knows": ({"members": [{"value": "mbr_nobody"}]}, "no users here"),
    "a member without value": ({"members": [{"display": "x"}]}, "no value"),
    "a member that is a text": ({"members": ["x"]}, "no value"),
    "members that are a text": ({"members": "x"}, "no value"),
    "a group in it": ({"members": [{"value": "grp_x", "type": "Group"}]}, "Groups in groups"),
}


@pytest.mark.parametrize("what", GROUPS)
def test_no_group_is_made_of(what: str, provider: ScimProvider) -> None:
    changes, words = GROUPS[what]
    body = {"schemas": [GROUP], "displayName": "soc"} | changes
    refused(provider.send("POST", "/Groups", body), 400, "invalidValue", words)
    assert provider.get("/Groups").json()["totalResults"] == 0


MEMBERS: dict[str, tuple[dict[str, Any], str]] = {
    "a member nobody knows": (
        {"op": "add", "path": "members", "value": [{"value": "mbr_nobody"}]},
        "invalidValue",
    ),
    "an add without value": ({"op": "add", "path": "members"}, "invalidValue"),
    "an add by a filter": (
        {"op": "add", "path": 'members[value eq "x"]', "value": {"value": "x"}},
        "noTarget",
    ),
    "a part of a member": (replace("members.type", "User"), "invalidPath"),
    "a removal by something else": ({"op": "remove", "path": 'members[type eq "User"]'}, "invalidPath"),
    "a removal of what is no text": ({"op": "remove", "path": "members[value eq 1]"}, "invalidPath"),
    "a read-only target": (replace("id", "grp_x"), "mutability"),
    "taking the name away": ({"op": "remove", "path": "displayName"}, "mutability"),
}


@pytest.mark.parametrize("what", MEMBERS)
def test_a_patch_of_a_group_is_refused_whole_with(what: str, provider: ScimProvider) -> None:
    operation, keyword = MEMBERS[what]
    ann = provider.new_user("ann")
    group = provider.new_group("soc", ann["id"])
    answer = provider.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"}, operation)
    refused(answer, 400, keyword)
    assert provider.get(f"/Groups/{group['id']}").json() == group


def test_an_owner_is_never_made_renamed_or_taken_away_last(provider: ScimProvider, inside: Inside) -> None:
    owner = provider.find("owner@acme.test")
    place = f"/Users/{owner['id']}"
    refused(provider.patch(place, replace("active", "False")), 409, words="last owner")
    refused(provider.send("DELETE", place), 409, words="last owner")
    refused(
        provider.send("PUT", place, person("owner@acme.test") | {"active": False}), 409, words="last owner"
    )
    emails = [{"value": "new.owner@acme.test", "primary": True}]
    refused(provider.patch(place, replace("emails", emails)), 409, words="owner")
    refused(provider.send("PUT", place, person("new.owner")), 409, words="owner")
    after = provider.get(place).json()
    assert (after["active"], after["userName"]) == (True, "owner@acme.test")
    with inside():
        owners = [row for row in members() if row.role == "owner"]
    assert [(row.email, row.active) for row in owners] == [("owner@acme.test", True)]


def test_the_same_body_read_by_the_limits_is_the_body_that_counts() -> None:
    """Names of members are taken in any case once, not twice in two ways."""
    found = documents.operations({"operations": [{"OP": "add", "op": "remove", "path": "x", "value": "y"}]})
    assert len(found) == 1
    assert orjson.dumps(found)


def test_the_root_alone_is_nothing(provider: ScimProvider) -> None:
    assert provider.client.get(ROOT, HTTP_AUTHORIZATION=f"Bearer {provider.token}").status_code == 404
