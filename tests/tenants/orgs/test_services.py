"""Tenants: made whole or not at all, suspended, renamed, deleted without a trace."""

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections

from tenants.audit.queries import entries
from tenants.errors import Conflict, Invalid, NotFound, TooMany
from tenants.isolation.context import SCHEMA_NAME, tenant_context
from tenants.members.queries import members
from tenants.orgs import migrating
from tenants.orgs.queries import all_tenants, by_host, by_schema, by_slug
from tenants.orgs.services import (
    create_tenant,
    delete_tenant,
    rename_tenant,
    resume_tenant,
    sign_up,
    suspend_tenant,
)
from tenants.orgs.types import TEMPLATE_SCHEMA, OrgInfo, Status
from tests.clients import TenantClient, member
from tests.database import PASSWORD, TestDatabases
from tests.tenants.orgs.catalog import catalog


def schemas() -> set[str]:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'")
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.asvs("6.3.2")
def test_a_new_tenant_has_the_migrated_structure_and_an_owner(committed_db: TestDatabases) -> None:
    org = create_tenant("Hooli", "hooli", "gavin@hooli.test", PASSWORD)
    assert SCHEMA_NAME.match(org.schema_name)
    assert catalog(org.schema_name) == catalog(TEMPLATE_SCHEMA)
    assert migrating.behind([org.schema_name]) == []
    with tenant_context(org.schema_name):
        assert [(row.email, row.role) for row in members()] == [("gavin@hooli.test", "owner")]
        assert entries(action="tenant.create").count() == 1


@pytest.mark.parametrize(
    "slug", ["ab", "Hooli", "hoo li", "-hooli", "hooli-", "ho--oli", "admin", "hooli.x", "1hooli", "h" * 41]
)
@pytest.mark.asvs("1.3.3", "2.2.1")
def test_unfit_names_are_refused(any_db: None, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        create_tenant("Hooli", slug, "gavin@hooli.test", PASSWORD)
    assert "slug" in caught.value.fields


def test_a_taken_name_is_refused(any_db: None) -> None:
    with pytest.raises(Conflict, match="taken"):
        create_tenant("Acme", "acme", "x@y.test", PASSWORD)


def test_a_weak_password_makes_nothing(committed_db: TestDatabases) -> None:
    before = schemas()
    with pytest.raises(Invalid):
        create_tenant("Hooli", "hooli", "gavin@hooli.test", "password1234")
    assert schemas() == before
    assert by_host("hooli.localhost") is None


@pytest.mark.asvs("2.3.3")
def test_a_creation_that_fails_midway_leaves_nothing(committed_db: TestDatabases) -> None:
    before = schemas()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT schema_name FROM orgs_tenant LIMIT 1")
        # The next tenant's first insert fails, as when the database runs into trouble.
        cursor.execute(
            "UPDATE orgs_templatesnapshot SET sql = sql || %s",
            [f"ALTER TABLE {TEMPLATE_SCHEMA}.members_membership ADD CHECK (false) NOT VALID;"],
        )
    with pytest.raises(DatabaseError):
        create_tenant("Hooli", "hooli", "gavin@hooli.test", PASSWORD)
    assert schemas() == before
    with pytest.raises(NotFound):
        by_slug("hooli")


def test_a_deleted_tenant_is_gone_and_its_name_is_free(committed_db: TestDatabases) -> None:
    org = create_tenant("Hooli", "hooli", "gavin@hooli.test", PASSWORD)
    delete_tenant(org.id)
    delete_tenant(org.id)
    assert org.schema_name not in schemas()
    assert by_schema(org.schema_name) is None
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT to_regrole(%s)", [org.schema_name])
        assert cursor.fetchone() == (None,)
    assert create_tenant("Hooli", "hooli", "gavin@hooli.test", PASSWORD).schema_name != org.schema_name


def test_a_suspended_tenant_answers_403_and_serves_again_when_resumed(
    committed_db: TestDatabases, acme: OrgInfo
) -> None:
    client = member(acme, "owner")
    suspend_tenant(acme.id, "Unpaid.")
    answer = client.get("/api/v1/members")
    assert (answer.status_code, answer.json()["code"]) == (403, "workspace-suspended")
    assert acme.slug not in [org.slug for org in all_tenants()]
    resume_tenant(acme.id, "Paid.")
    assert client.get("/api/v1/members").status_code == 200
    with pytest.raises(NotFound):
        suspend_tenant("org_nobody", "x")


def test_renaming_changes_the_name_everywhere_and_is_recorded(
    committed_db: TestDatabases, acme: OrgInfo
) -> None:
    with tenant_context(acme.schema_name):
        assert rename_tenant(" Acme Ltd ").name == "Acme Ltd"
        assert entries(action="tenant.rename").get().after == {"name": "Acme Ltd"}
    assert member(acme, "viewer").get("/api/v1/tenant").json()["name"] == "Acme Ltd"


@pytest.mark.asvs("2.4.1", "14.2.1")
def test_sign_up_gives_a_one_time_sign_in_and_is_limited(committed_db: TestDatabases) -> None:
    root = TenantClient()
    body = {"organisation": "Hooli", "slug": "hooli", "email": "gavin@hooli.test", "password": PASSWORD}
    made = root.post("/api/v1/signup", body)
    assert made.status_code == 201, made.content
    page, _, behind = made.json()["handoff_url"].partition("#")
    assert page.endswith(
        "/welcome"
    )  # what stands behind # is sent to no server, so no log of a proxy holds it
    hand_over, token = "/api/v1/session/handoff", {"token": unquote(behind)}
    visitor = TenantClient("hooli")
    assert visitor.post(hand_over, token).status_code == 201
    assert visitor.get("/api/v1/session").json()["user"]["email"] == "gavin@hooli.test"
    assert TenantClient("hooli").post(hand_over, token).status_code == 403
    assert TenantClient("acme").post(hand_over, token).status_code == 403
    assert root.get("/api/v1/signup/slug?slug=hooli").json()["available"] is False
    for _ in range(10):
        with pytest.raises(Conflict):
            sign_up("x", "hooli", "x@y.test", PASSWORD, address="203.0.113.9")
    with pytest.raises(TooMany):
        sign_up("x", "hooli", "x@y.test", PASSWORD, address="203.0.113.9")


def test_tenants_that_are_behind_are_found_and_migrated(committed_db: TestDatabases, acme: OrgInfo) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {acme.schema_name}.django_migrations WHERE app = 'vault' AND name LIKE '0002%'"
        )
    assert migrating.behind([acme.schema_name]) == [acme.schema_name]
    call_command("migrate_all")
    assert migrating.behind([acme.schema_name]) == []


def test_a_tenant_that_fails_to_migrate_does_not_stop_the_others(
    committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo
) -> None:
    with connections["owner"].cursor() as cursor:
        for org in (acme, globex):
            cursor.execute(
                f"DELETE FROM {org.schema_name}.django_migrations WHERE app = 'vault' AND name LIKE '0002%'"
            )
        cursor.execute(f"ALTER TABLE {acme.schema_name}.vault_datakey RENAME TO elsewhere")
    with pytest.raises(Exception, match=acme.schema_name):
        call_command("migrate_all")
    assert migrating.behind([acme.schema_name, globex.schema_name]) == [acme.schema_name]


@pytest.mark.parametrize(
    "host", ["", "evil.test", "acme.evil.test", "acme.localhost.evil.test", "x.acme.localhost", "127.0.0.1"]
)
def test_hosts_of_nobody_are_not_found(any_db: None, host: str) -> None:
    answer = TenantClient("acme").get("/api/v1/session", HTTP_HOST=host)
    assert answer.status_code in (400, 404)


def test_a_tenant_still_being_made_is_not_served(committed_db: TestDatabases, acme: OrgInfo) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE orgs_tenant SET status = %s WHERE id = %s", [Status.CREATING, acme.id])
    assert TenantClient("acme").get("/api/v1/session").status_code == 404


@pytest.mark.asvs("8.4.1")
def test_every_request_leaves_the_tenant(
    acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]
) -> None:
    assert owner_client(acme).get("/api/v1/members").status_code == 200
    with pytest.raises(DatabaseError, match="does not exist"), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM accounts_user")
