"""Whatever document is sent, the answer is never a 500 and always SCIM's own form."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.isolation.context import no_tenant
from tenants.orgs.types import OrgInfo
from tests.tenants.scim.provider import GROUP, PATCH, USER, ScimProvider

FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
FEW = settings(max_examples=60, deadline=None, suppress_health_check=FIXTURES)
MANY = settings(max_examples=1500, deadline=None, suppress_health_check=FIXTURES)
NAMES = st.sampled_from(
    [
        "userName", "USERNAME", "active", "displayName", "name", "name.givenName", "name.formatted", "emails", "groups",
        "id", "externalId", "meta", "schemas", "members", "members.value", "members.$ref", "password", "urn:x", USER, GROUP,
        f"{USER}:userName", f"{GROUP}:members", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        'emails[type eq "work"].value', 'emails[type eq "work"]', "emails[primary eq true].value", "emails[type pr]",
        'members[value eq "x"]', 'members[value eq "x" or value eq "y"]', 'members[not (value eq "x")]', "$ref", "emails[",
        'emails.type eq "work"', "]", "", ".", "a b", "emails[type eq", 'roles[primary eq "True"].value', "emails..value",
        'schemas[value eq "x"]',
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "ann@acme.test",
            "bob@acme.test",
            "ann@evil.test",
            "True",
            "False",
            "",
            "null",
            "\0",
            "mbr_x",
            "x" * 400,
        ]
    ),
)
VALUES: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(NAMES, st.sampled_from(["value", "type", "primary", "$ref", "op", "path"])),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)
OPERATION = st.one_of(
    st.fixed_dictionaries(
        {"op": st.one_of(st.sampled_from(["add", "Add", "replace", "Remove", "remove", "move"]), VALUES)},
        optional={"path": st.one_of(NAMES, VALUES), "value": VALUES},
    ),
    VALUES,
)
DOCUMENT = st.one_of(
    st.fixed_dictionaries({"schemas": st.just([PATCH]), "Operations": st.lists(OPERATION, max_size=5)}),
    st.fixed_dictionaries({"Operations": VALUES}),
    VALUES,
)
RESOURCE = st.one_of(
    st.dictionaries(NAMES, VALUES, max_size=6),
    st.fixed_dictionaries(
        {"schemas": st.just([USER]), "userName": TEXTS},
        optional={
            "emails": VALUES,
            "active": VALUES,
            "name": VALUES,
            "displayName": VALUES,
            "externalId": VALUES,
        },
    ),
    st.fixed_dictionaries({"schemas": st.just([GROUP]), "displayName": TEXTS}, optional={"members": VALUES}),
)
FILTER = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                "userName", "emails", "members", "active", "id", "eq", "ne", "co", "sw", "pr", "gt", "and", "or", "not",
                "(", ")", "[", "]",
                '"x"', "true", "null", "1", ".value", "meta.created", '"2020-01-01T00:00:00Z"', "externalId", "\\", '"',
            ]
        ),
        max_size=12,
    ).map(" ".join),
)  # fmt: skip


@pytest.fixture
def places(provider: ScimProvider, acme: OrgInfo) -> dict[str, str]:
    """A user in a group."""
    user = provider.new_user("ann")
    return {"Users": user["id"], "Groups": provider.new_group("soc", user["id"])["id"]}


def fine(answer: Any) -> None:
    """A SCIM answer below 500."""
    assert answer.status_code < 500, answer.content
    assert answer["Content-Type"] == "application/scim+json"
    if answer.status_code >= 400:
        assert set(orjson.loads(answer.content)) <= {"schemas", "status", "detail", "scimType"}


def sent(provider: ScimProvider, method: str, path: str, body: Any) -> Any:
    """Send what JSON can say of it."""
    with no_tenant():
        return provider.send(method, path, json.dumps(body).encode("utf-8", "surrogatepass"))


KINDS = st.sampled_from(["Users", "Groups"])
METHODS = st.sampled_from(["POST", "PUT"])


def patch(kind: str, document: Any, provider: ScimProvider, places: dict[str, str], undone: Any) -> None:
    with undone():
        fine(sent(provider, "PATCH", f"/{kind}/{places[kind]}", document))
        fine(provider.get(f"/{kind}/{places[kind]}"))


def resource(
    method: str, kind: str, document: Any, provider: ScimProvider, places: dict[str, str], undone: Any
) -> None:
    with undone():
        path = f"/{kind}/{places[kind]}" if method == "PUT" else f"/{kind}"
        fine(sent(provider, method, path, document))
        fine(provider.get(f"/{kind}"))


def query(
    kind: str, text: str, start: str, names: str, provider: ScimProvider, places: dict[str, str]
) -> None:
    clean = [value.encode("utf-8", "replace").decode() for value in (text, start, names)]
    fine(provider.get(f"/{kind}", filter=clean[0]))
    fine(provider.get(f"/{kind}", startIndex=clean[1], count=clean[1]))
    fine(provider.get(f"/{kind}/{places[kind]}", attributes=clean[2]))
    fine(provider.get(f"/{kind}", excludedAttributes=clean[2]))


def anything(body: bytes, provider: ScimProvider, places: dict[str, str]) -> None:
    fine(provider.send("POST", "/Users", body))
    fine(provider.send("PATCH", f"/Groups/{places['Groups']}", body))


patches = given(kind=KINDS, document=DOCUMENT)
resources = given(method=METHODS, kind=KINDS, document=RESOURCE)
queries = given(kind=KINDS, text=FILTER, start=st.text(max_size=5), names=st.text(max_size=20))
bodies = given(body=st.binary(max_size=200))

test_no_patch_is_a_500 = FEW(patches(patch))
test_no_resource_is_a_500 = FEW(resources(resource))
test_no_query_is_a_500 = FEW(queries(query))
test_no_bytes_are_a_500 = FEW(bodies(anything))


def at_length(test: Any) -> Any:
    """Among the proofs: many examples, new ones each time."""
    return pytest.mark.slow(pytest.mark.timeout(3000)(MANY(test)))


test_no_patch_is_a_500_at_length = at_length(patches(patch))
test_no_resource_is_a_500_at_length = at_length(resources(resource))
test_no_query_is_a_500_at_length = at_length(queries(query))
