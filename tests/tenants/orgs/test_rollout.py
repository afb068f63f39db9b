"""Migrating many tenants: whole or not at all, one that fails stops nobody, two versions side by side never fail."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import override_settings

from tenants.isolation.context import tenant_context
from tenants.isolation.roles import APP_ROLE, OWNER_ROLE
from tenants.jobs.execution import Postponed, perform
from tenants.orgs import migrating, provisioning
from tenants.orgs.models import Tenant
from tenants.orgs.queries import by_slug, forget, versions
from tenants.orgs.services import create_tenant, stock
from tenants.orgs.types import TEMPLATE_SCHEMA, OrgInfo
from tests.clients import TenantClient, member
from tests.database import TestDatabases
from tests.tenants.orgs.catalog import catalog, rows

MEMBERS = "/api/v1/members"
NEXT, BREAKING = "tests.tenants.orgs.next_release", "tests.tenants.orgs.breaking_release"


@pytest.fixture
def release(committed_db: TestDatabases) -> Iterator[Callable[[str], None]]:
    """`release(module)`: this process now runs the release with these migrations; "" for today's."""
    before = settings.MIGRATION_MODULES

    def run(module: str) -> None:
        settings.MIGRATION_MODULES = {"members": module} if module else before
        migrating.migration_key.cache_clear()
        forget()

    yield run
    run("")


def sql(statement: str, *values: str | None) -> list[tuple[object, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def columns(schema: str) -> set[object]:
    names = sql("SELECT column_name FROM information_schema.columns WHERE table_schema = %s", schema)
    return {row[0] for row in names}


def states() -> dict[str, str]:
    return {row.slug: row.state for row in versions()}


# A tenant made from the snapshot is the same as one that was migrated --------------------------------


def test_from_the_snapshot_a_spare_or_by_migrating_a_schema_is_the_same(committed_db: TestDatabases) -> None:
    migrated = provisioning.new_schema_name()
    provisioning.make_empty_schema(migrated)
    provisioning.migrate_schema(migrated)
    made = provisioning.new_schema_name()
    provisioning.make_tenant_schema(made)
    assert provisioning.fill_spares(1) == 1
    spare = provisioning.take_schema()
    reference = catalog(migrated)
    assert len(reference) > 500
    assert catalog(made) == reference
    assert catalog(spare) == reference
    assert rows(made) == rows(migrated)


def test_a_difference_in_any_corner_of_the_catalogue_is_seen(
    committed_db: TestDatabases, acme: OrgInfo
) -> None:
    reference = catalog(acme.schema_name)
    for change in (
        "ALTER TABLE {0}.members_membership ALTER COLUMN role SET DEFAULT 'x'",
        "ALTER TABLE {0}.members_membership ALTER COLUMN role DROP NOT NULL",
        "GRANT UPDATE ON {0}.audit_entry TO {0}",
        "CREATE INDEX extra ON {0}.members_membership (role)",
        "ALTER TABLE {0}.members_membership ADD CHECK (role <> '')",
        "ALTER TABLE {0}.members_membership ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY one ON {0}.members_membership USING (true)",
        "CREATE SEQUENCE {0}.extra_seq",
        "GRANT USAGE ON SCHEMA {0} TO portcullis_app",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {0} GRANT TRUNCATE ON TABLES TO {0}",
    ):
        before = catalog(acme.schema_name)
        sql(change.format(acme.schema_name))
        assert catalog(acme.schema_name) != before, change
    assert catalog(acme.schema_name) != reference


def test_the_stock_of_spare_schemas_follows_the_sign_ups_of_the_last_minutes(
    committed_db: TestDatabases,
) -> None:
    sql("UPDATE orgs_tenant SET created_at = now() - interval '1 hour'")
    with override_settings(SPARE_SCHEMAS=1):
        assert [stock() for _ in range(2)] == [True, False], "one at a time, until there are enough"
        sql("UPDATE orgs_tenant SET created_at = now()")
        assert [stock() for _ in range(3)] == [True, True, False]
    for number in range(3):
        create_tenant("N", f"burst{number}", "n@new.test", None)
    assert sql("SELECT count(*) FROM orgs_spareschema") == [(0,)], "nobody had to wait for a schema"
    assert provisioning.spares_wanted(1) == 6
    assert provisioning.spares_wanted(7) == 7
    more = (Tenant(schema_name=f"t_{n:016x}", slug=f"many{n}", name="S") for n in range(60))
    Tenant.objects.using("owner").bulk_create(more)
    assert provisioning.spares_wanted(1) == provisioning.MOST_SPARES
    with override_settings(SPARE_SCHEMAS=0):
        assert not stock(), "0 is none, whoever signs up"


def test_a_spare_schema_is_taken_once_and_only_in_the_right_state(committed_db: TestDatabases) -> None:
    assert provisioning.fill_spares(2) == 2
    assert provisioning.fill_spares(2) == 0
    spares = {row[0] for row in sql("SELECT schema_name FROM orgs_spareschema")}
    made = {create_tenant("N", f"new{number}", "n@new.test", None).schema_name for number in range(2)}
    assert made == spares
    provisioning.fill_spares(1)
    sql("UPDATE orgs_spareschema SET key = 'older', created_at = now() - interval '1 hour'")
    (stale,) = (str(row[0]) for row in sql("SELECT schema_name FROM orgs_spareschema"))
    assert create_tenant("N", "newer", "n@new.test", None).schema_name != stale
    provisioning.fill_spares(0)
    assert sql("SELECT to_regnamespace(%s), to_regrole(%s)", stale, stale) == [(None, None)]


# Rolling out --------------------------------------------------------------------------------------


def test_every_tenant_gets_the_next_release_as_if_django_had_migrated_it(
    release: Callable[[str], None], acme: OrgInfo
) -> None:
    release(NEXT)
    call_command("migrate_all")
    assert "note" in columns(acme.schema_name)
    assert catalog(acme.schema_name) == catalog(TEMPLATE_SCHEMA)
    assert set(states().values()) == {"current"}
    assert migrating.migrate_schemas([acme.schema_name]).failed == {}


def test_a_tenant_that_fails_is_listed_without_its_data_and_the_others_are_served(
    release: Callable[[str], None], acme: OrgInfo, globex: OrgInfo
) -> None:
    sql(f"ALTER TABLE {acme.schema_name}.members_membership ADD note text")
    release(NEXT)
    with pytest.raises(CommandError, match=acme.schema_name) as caught:
        call_command("migrate_all")
    assert globex.schema_name not in str(caught.value)
    (row,) = [row for row in versions() if row.problem]
    assert (row.slug, row.state) == ("acme", "other")
    assert row.problem.startswith("DuplicateColumn")
    assert member(globex, "owner").get(MEMBERS).status_code == 200
    refused = TenantClient("acme").get(MEMBERS)
    assert (refused.status_code, refused.json()["code"]) == (503, "workspace-upgrading")
    assert int(refused["Retry-After"]) > 0
    sql(f"ALTER TABLE {acme.schema_name}.members_membership DROP note")
    call_command("migrate_all")
    assert [row for row in versions() if row.problem or row.state != "current"] == []


@pytest.mark.asvs("16.2.5")
def test_the_reason_of_a_failure_never_holds_a_value_of_a_row(
    release: Callable[[str], None], acme: OrgInfo
) -> None:
    sql(f"CREATE TABLE {acme.schema_name}.x (note text)")
    sql(f"INSERT INTO {acme.schema_name}.x VALUES ('CANARY'), ('CANARY')")
    with pytest.raises(Exception, match="CANARY") as caught:
        sql(f"CREATE UNIQUE INDEX ON {acme.schema_name}.x (note)")
    assert migrating.explain(caught.value).startswith("UniqueViolation")
    assert "CANARY" not in migrating.explain(caught.value)


def test_code_of_before_goes_on_with_a_release_that_only_adds(
    release: Callable[[str], None], acme: OrgInfo
) -> None:
    release(NEXT)
    call_command("migrate_all")
    release("")
    assert states()["acme"] == "usable"
    assert member(acme, "owner").get(MEMBERS).status_code == 200
    call_command("migrate_all")  # by the old version: leaves newer tenants alone
    assert states()["acme"] == "usable"
    assert "note" in columns(acme.schema_name)


def test_a_release_that_breaks_code_of_before_answers_503_there(
    release: Callable[[str], None], acme: OrgInfo, globex: OrgInfo
) -> None:
    release(BREAKING)
    provisioning.migrate_platform()
    assert migrating.migrate_schemas([acme.schema_name]).migrated == [acme.schema_name]
    release("")
    assert TenantClient("acme").get("/api/v1/session").status_code == 503
    assert member(globex, "owner").get(MEMBERS).status_code == 200
    with pytest.raises(Postponed, match="another version"):
        perform("any.job", [], acme.schema_name)
    release(BREAKING)
    assert TenantClient("globex").get("/api/v1/session").status_code == 503


@pytest.mark.asvs("16.5.1")
def test_a_request_caught_in_the_middle_gets_503_and_not_an_error_page(
    committed_db: TestDatabases, acme: OrgInfo
) -> None:
    client = member(acme, "owner")
    assert client.get(MEMBERS).status_code == 200
    # What another process does meanwhile; this one still believes its copy of the tenant's row.
    sql("UPDATE orgs_tenant SET schema_key = '' WHERE slug = 'acme'")
    sql(f"ALTER TABLE {acme.schema_name}.members_membership RENAME role TO duty")
    answer = client.get(MEMBERS)
    assert (answer.status_code, answer.json()["code"]) == (503, "workspace-upgrading")
    sql(f"ALTER TABLE {acme.schema_name}.members_membership RENAME duty TO role")
    # The same failure in a tenant of the right version is our mistake, and says so.
    sql("UPDATE orgs_tenant SET schema_key = %s WHERE slug = 'acme'", migrating.migration_key())
    sql(f"ALTER TABLE {acme.schema_name}.members_membership RENAME role TO duty")
    assert client.get(MEMBERS).status_code == 500


def test_a_breaking_change_that_fails_leaves_the_tenant_served_by_code_of_before(
    release: Callable[[str], None], acme: OrgInfo
) -> None:
    sql(f"ALTER TABLE {acme.schema_name}.members_membership ADD duty text")
    release(BREAKING)
    with pytest.raises(CommandError):
        call_command("migrate_all")
    release("")
    assert states()["acme"] == "current"
    assert member(acme, "owner").get(MEMBERS).status_code == 200


# At length ----------------------------------------------------------------------------------------


def environment(databases: TestDatabases, data: Path) -> dict[str, str]:
    url = "postgresql://{}:{}@127.0.0.1:{}/{}"
    address = databases.address
    return os.environ | {
        "DATABASE_URL": url.format(APP_ROLE, address.passwords[APP_ROLE], address.port, databases.name),
        "OWNER_DATABASE_URL": url.format(
            OWNER_ROLE, address.passwords[OWNER_ROLE], address.port, databases.name
        ),
        "DJANGO_SETTINGS_MODULE": "tests.tenants.orgs.next_settings",
        "PORTCULLIS_DATA": str(data),
    }


def start(databases: TestDatabases, data: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "django", "migrate_all"]
    return subprocess.Popen(
        command, env=environment(databases, data), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def many(count: int) -> list[str]:
    return [create_tenant("M", f"many{number}", "m@many.test", None).schema_name for number in range(count)]


def recorded(schema: str) -> bool:
    return bool(sql(f"SELECT 1 FROM {schema}.django_migrations WHERE name = 'n9000_one_more_column'"))


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.asvs("2.3.3")
def test_a_killed_roll_out_leaves_whole_tenants_and_goes_on_where_it_was(
    committed_db: TestDatabases, tmp_path: Path
) -> None:
    schemas = many(40)
    kills = 0
    for wanted in (3, 17):
        process = start(committed_db, tmp_path)
        deadline = time.monotonic() + 120
        while sum(map(recorded, schemas)) < wanted and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        time.sleep(0.3)  # the server ends the dead process's session
        done = [schema for schema in schemas if recorded(schema)]
        assert wanted <= len(done) < len(schemas)
        for schema in schemas:
            assert ("note" in columns(schema)) == (schema in done), schema
            keys = sql("SELECT schema_serves::text FROM orgs_tenant WHERE schema_name = %s", schema)
            assert bool(json.loads(str(keys[0][0]))) == (schema in done), schema
    process = start(committed_db, tmp_path)
    _, errors = process.communicate(timeout=150)
    assert process.returncode == 0, errors.decode()[-2000:]
    assert kills == 2
    assert all(map(recorded, schemas))
    assert {row.state for row in versions()} == {"usable"}


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_while_a_release_rolls_out_every_request_is_answered(
    committed_db: TestDatabases, tmp_path: Path
) -> None:
    many(30)
    clients = [member(by_slug(slug), "owner") for slug in ("acme", "globex")]
    process = start(committed_db, tmp_path)
    answers: list[int] = []
    while process.poll() is None:
        answers += [client.get(MEMBERS).status_code for client in clients]
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()[-2000:]
    assert len(answers) > 50
    assert set(answers) == {200}


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_tenant_whose_tables_are_in_use_is_tried_again_and_holds_up_nobody(
    release: Callable[[str], None], acme: OrgInfo, globex: OrgInfo
) -> None:
    release(NEXT)
    with tenant_context(acme.schema_name), connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM members_membership")
        try:
            with pytest.raises(CommandError, match=f"{acme.schema_name}: Its tables stayed in use"):
                call_command("migrate_all")
        finally:
            cursor.execute("ROLLBACK")
    assert (states()["acme"], states()["globex"]) == ("other", "current")
    call_command("migrate_all")
    assert states()["acme"] == "current"
