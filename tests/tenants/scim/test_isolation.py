"""Tenants never meet: every SCIM address with another tenant's ids, tokens and values."""

from typing import Any

import pytest

from tenants.isolation.context import no_tenant, tenant_context
from tenants.members.queries import members
from tenants.orgs.types import OrgInfo
from tenants.scim.models import Group, GroupMember
from tests.clients import TenantClient
from tests.isolation.routes import routes
from tests.tenants.scim.conftest import connect
from tests.tenants.scim.provider import ScimProvider, person, replace

PUT = {"Users": person("ann"), "Groups": {"displayName": "Taken over"}}
PATCH = {"Operations": [replace("displayName", "Taken over")]}


@pytest.fixture
def theirs(globex: OrgInfo) -> tuple[ScimProvider, dict[str, str]]:
    """Globex's provider with a user and a group."""
    other = connect(globex, "globex.test")
    user = other.new_user("gil@globex.test")
    group = other.new_group("CANARY", user["id"])
    return other, {"Users": user["id"], "Groups": group["id"]}


def test_every_address_of_one_resource_is_known_here() -> None:
    found = {route.pattern for route in routes() if route.pattern.startswith("scim/v2/") and route.parameters}
    assert found == {
        f"scim/v2/{kind}/<str:resource_id>" for kind in ("Users", "Groups", "ResourceTypes", "Schemas")
    }


@pytest.mark.asvs("8.4.1")
@pytest.mark.parametrize("kind", ["Users", "Groups"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_with_another_tenants_ids_nothing_is_found(
    method: str, kind: str, provider: ScimProvider, theirs: tuple[ScimProvider, dict[str, str]]
) -> None:
    other, ids = theirs
    before = other.get(f"/{kind}/{ids[kind]}").json()
    body = {"PUT": PUT[kind], "PATCH": PATCH}.get(method)
    answer = provider.send(method, f"/{kind}/{ids[kind]}", body)
    assert answer.status_code == 404
    assert b"CANARY" not in answer.content
    assert b"globex" not in answer.content
    assert other.get(f"/{kind}/{ids[kind]}").json() == before


@pytest.mark.asvs("8.4.1")
def test_another_tenants_people_join_no_group_and_are_found_by_no_filter(
    provider: ScimProvider, theirs: tuple[ScimProvider, dict[str, str]], acme: OrgInfo
) -> None:
    _, ids = theirs
    group = provider.new_group("soc")
    add: dict[str, Any] = {"op": "add", "path": "members", "value": [{"value": ids["Users"]}]}
    assert provider.patch(f"/Groups/{group['id']}", add).status_code == 400
    put = {"displayName": "soc", "members": [{"value": ids["Users"]}]}
    assert provider.send("PUT", f"/Groups/{group['id']}", put).status_code == 400
    for text in (
        'userName eq "gil@globex.test"',
        f'id eq "{ids["Users"]}"',
        'externalId eq "external-gil@globex.test"',
    ):
        assert provider.get("/Users", filter=text).json()["totalResults"] == 0
    for text in ('displayName eq "CANARY"', f'members eq "{ids["Users"]}"'):
        assert provider.get("/Groups", filter=text).json()["totalResults"] == 0
    with no_tenant(), tenant_context(acme.schema_name):
        assert Group.objects.count() == 1
        assert not GroupMember.objects.exists()


@pytest.mark.asvs("8.4.1")
def test_another_tenants_token_opens_nothing(
    provider: ScimProvider, theirs: tuple[ScimProvider, dict[str, str]], globex: OrgInfo
) -> None:
    _, ids = theirs
    crossed = ScimProvider(TenantClient(globex.slug), provider.token)
    for method, path in (
        ("GET", "/Users"),
        ("GET", f"/Users/{ids['Users']}"),
        ("DELETE", f"/Users/{ids['Users']}"),
        ("POST", "/Users"),
    ):
        assert crossed.send(method, path, person("ann")).status_code == 401


def test_the_same_person_in_two_tenants_is_two_users(
    provider: ScimProvider, globex: OrgInfo, acme: OrgInfo
) -> None:
    other = connect(globex, "acme.test")
    here, there = provider.new_user("ann"), other.new_user("ann")
    assert here["id"] != there["id"]
    provider.send("DELETE", f"/Users/{here['id']}")
    assert other.get(f"/Users/{there['id']}").json()["active"] is True
    with no_tenant(), tenant_context(globex.schema_name):
        assert "ann@acme.test" in [row.email for row in members()]


def test_a_suspended_workspace_takes_nothing(initech: OrgInfo, provider: ScimProvider) -> None:
    assert ScimProvider(TenantClient(initech.slug), provider.token).get("/Users").status_code == 403
