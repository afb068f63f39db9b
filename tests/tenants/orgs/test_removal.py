"""Leaving: asked for by the owner, taken back in time, and then nothing is left anywhere."""

import os
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connections
from django.utils import timezone

from tenants.audit.queries import entries
from tenants.isolation.context import tenant_context
from tenants.isolation.postgres.binaries import program
from tenants.isolation.storage import tenant_folder
from tenants.jobs.services import declared_jobs
from tenants.orgs.queries import by_host, by_schema, fresh
from tenants.orgs.removal import PATIENCE, before_deletion, sweep
from tenants.orgs.removal import _farewells as farewells
from tenants.orgs.services import create_tenant
from tenants.orgs.types import OrgInfo, Status
from tenants.vault.services import seal
from tests.clients import TenantClient, bearer, member
from tests.database import PASSWORD, TestDatabases
from tests.isolation.routes import foreign_ids
from tests.tenants.accounts.people import later

DELETION = "/api/v1/tenant/deletion"
WORDS = (b"CANARY", b"canary-ltd", b"owner-canary@")


def sql(statement: str, *values: str | datetime | None) -> list[tuple[object, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def record_of(org: str) -> list[str]:
    return [
        str(row[0]) for row in sql("SELECT action FROM orgs_platformentry WHERE org = %s ORDER BY id", org)
    ]


def dump(databases: TestDatabases) -> bytes:
    """Everything in the database, every schema, as text."""
    address = databases.address
    command = [
        str(program("pg_dump")),
        *("--host", address.folder, "--port", str(address.port), "--username", "postgres", databases.name),
    ]
    environment = os.environ | {"PGPASSWORD": address.passwords["postgres"]}
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


def found_in_files(*words: bytes) -> list[str]:
    root = Path(settings.DATA_DIR)
    files = [path for path in root.rglob("*") if path.is_file()]
    return [
        str(path)
        for path in files
        for word in words
        if word in path.read_bytes() or word in str(path).encode()
    ]


@pytest.fixture
def leaver(committed_db: TestDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OrgInfo:
    """A tenant full of canaries, with a data folder of its own: rows of every app, files, messages, caches."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    org = create_tenant("CANARY Ltd", "canary-ltd", "owner-CANARY@canary.test", PASSWORD)
    with tenant_context(org.schema_name):
        foreign_ids()
        seal("CANARY", table="api_idempotentrequest", field="answer", row="z")
        (tenant_folder("imports") / "CANARY.log").write_text("CANARY")
        declared_jobs()["archives.build"].enqueue("CANARY")
        cache.set("canary", "CANARY")
    assert by_host("canary-ltd.localhost") is not None
    return org


@pytest.fixture
def owner(leaver: OrgInfo) -> TenantClient:
    """The owner of it, signed in."""
    client = TenantClient("canary-ltd")
    body = {"email": "owner-CANARY@canary.test", "password": PASSWORD}
    assert client.post("/api/v1/session", body).status_code == 201
    return client


@pytest.mark.asvs("14.2.7")
def test_after_the_deletion_no_trace_is_left_in_database_or_files(
    committed_db: TestDatabases, leaver: OrgInfo, owner: TenantClient, acme: OrgInfo
) -> None:
    before = dump(committed_db)
    assert all(word in before for word in WORDS)
    assert len(found_in_files(*WORDS)) > 1
    assert sql("SELECT 1 FROM jobs.queue WHERE tenant = %s", leaver.schema_name)
    asked = owner.post(DELETION, {"name": "CANARY Ltd"})
    assert asked.status_code == 202, asked.content
    due = datetime.fromisoformat(asked.json()["delete_after"])
    assert sweep(due - timedelta(seconds=1)) == []
    assert owner.get("/api/v1/members").status_code == 200  # served until then
    assert sweep(due + timedelta(seconds=1)) == []
    assert owner.get("/api/v1/members").status_code == 404
    assert sweep(due + timedelta(seconds=60)) == [leaver.id]

    after = dump(committed_db)
    assert [word for word in WORDS if word in after] == []
    assert found_in_files(*WORDS, leaver.schema_name.encode()) == []
    assert sql("SELECT to_regnamespace(%s), to_regrole(%s)", leaver.schema_name, leaver.schema_name) == [
        (None, None)
    ]
    assert sql("SELECT 1 FROM jobs.queue WHERE tenant = %s", leaver.schema_name) == []
    assert by_schema(leaver.schema_name) is None
    assert by_host("canary-ltd.localhost") is None
    assert record_of(leaver.id) == ["tenant.deletion-asked", "tenant.closed", "tenant.deleted"]
    lines = [line for line in after.splitlines() if leaver.schema_name.encode() in line]
    assert len(lines) == 3  # the platform's record, and nothing else
    assert TenantClient("acme").get("/api/v1/session").status_code == 401


def test_a_file_written_after_the_deletion_is_removed_by_the_next_sweep(leaver: OrgInfo) -> None:
    sql("UPDATE orgs_tenant SET status = 'deleting' WHERE id = %s", leaver.id)
    assert sweep() == [leaver.id]
    with tenant_context(leaver.schema_name):
        late = tenant_folder("calls") / "late.parquet"
        late.write_text("CANARY")
    assert sweep() == []
    assert not late.exists()


def test_what_stands_elsewhere_is_taken_back_first(committed_db: TestDatabases, acme: OrgInfo) -> None:
    left, seen = ["One block still stands."], []

    @before_deletion
    def leave() -> list[str]:
        seen.append(len(left))
        return list(left)

    try:
        now = timezone.now()
        sql("UPDATE orgs_tenant SET delete_after = %s WHERE id = %s", now, acme.id)
        sweep(now)
        assert fresh(acme.schema_name).status is Status.ACTIVE  # type: ignore[union-attr]
        assert record_of(acme.id) == []
        left.clear()
        sweep(now + timedelta(minutes=1))
        assert fresh(acme.schema_name).status is Status.DELETING  # type: ignore[union-attr]
        assert sweep(now + timedelta(minutes=2)) == [acme.id]
        assert seen == [1, 0]
        assert record_of(acme.id) == ["tenant.closed", "tenant.deleted"]
    finally:
        farewells.remove(leave)


def test_a_gateway_that_never_answers_does_not_keep_a_tenant_for_ever(
    committed_db: TestDatabases, acme: OrgInfo
) -> None:
    @before_deletion
    def leave() -> list[str]:
        raise OSError("CANARY")

    try:
        now = timezone.now()
        sql("UPDATE orgs_tenant SET delete_after = %s WHERE id = %s", now, acme.id)
        assert sweep(now + PATIENCE - timedelta(seconds=1)) == []
        assert fresh(acme.schema_name).status is Status.ACTIVE  # type: ignore[union-attr]
        sweep(now + PATIENCE)
        assert sweep(now + PATIENCE) == [acme.id]
        assert record_of(acme.id) == ["tenant.left-behind", "tenant.closed", "tenant.deleted"]
    finally:
        farewells.remove(leave)


@pytest.mark.asvs("7.5.3", "8.2.1")
def test_only_an_owner_who_has_just_shown_who_they_are_can_ask_by_the_name(
    committed_db: TestDatabases, acme: OrgInfo, member_client: Callable[..., TenantClient]
) -> None:
    right = {"name": "Acme"}
    owner = member(acme, "owner")
    assert member_client(acme, "admin").post(DELETION, right).status_code == 403
    later(acme, owner, 601)
    stale = owner.post(DELETION, right)
    assert (stale.status_code, stale.json()["code"]) == (403, "step-up-needed")
    assert owner.post("/api/v1/session/step-up", {"password": PASSWORD}).status_code == 200
    assert owner.post(DELETION, {}).status_code == 400
    assert owner.post(DELETION, {**right, "name": "acme"}).status_code == 422
    machine = TenantClient("acme", HTTP_AUTHORIZATION=bearer(acme, ["tenant.write"]))
    assert machine.post(DELETION, right).status_code == 403
    assert owner.get(DELETION).json()["delete_after"] is None
    assert record_of(acme.id) == []
    assert owner.post(DELETION, right).status_code == 202
    assert owner.post(DELETION, right).status_code == 409


def test_the_wish_can_be_taken_back_and_both_are_recorded(committed_db: TestDatabases, acme: OrgInfo) -> None:
    owner = member(acme, "owner")
    due = datetime.fromisoformat(owner.post(DELETION, {"name": "Acme"}).json()["delete_after"])
    assert owner.get(DELETION).json()["delete_after"] is not None
    assert owner.delete(DELETION).status_code == 204
    assert owner.delete(DELETION).status_code == 409
    assert sweep(due + PATIENCE) == []
    assert fresh(acme.schema_name).status is Status.ACTIVE  # type: ignore[union-attr]
    assert record_of(acme.id) == ["tenant.deletion-asked", "tenant.deletion-cancelled"]
    with tenant_context(acme.schema_name):
        assert (
            entries(action="tenant.delete.ask").count() == entries(action="tenant.delete.cancel").count() == 1
        )


def test_tenants_stuck_in_creation_are_swept(committed_db: TestDatabases, acme: OrgInfo) -> None:
    sql("UPDATE orgs_tenant SET status = 'creating', created_at = now() WHERE id = %s", acme.id)
    assert sweep() == []  # may still be on its way
    assert sweep(timezone.now() + timedelta(hours=2)) == [acme.id]
    assert record_of(acme.id) == ["tenant.unfinished"]
    assert create_tenant("Acme", "acme", "owner@acme.test", PASSWORD).slug == "acme"


@pytest.mark.asvs("2.3.3")
def test_a_removal_cut_off_anywhere_is_finished_by_the_next_sweep(leaver: OrgInfo) -> None:
    sql("UPDATE orgs_tenant SET status = 'deleting' WHERE id = %s", leaver.id)
    sql(f"DROP SCHEMA {leaver.schema_name} CASCADE")
    assert sweep() == [leaver.id]
    assert found_in_files(*WORDS) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE orgs_platformentry SET org = 'x'", "DELETE FROM orgs_platformentry"]
)
@pytest.mark.asvs("16.4.2")
def test_not_even_the_owner_role_changes_the_platforms_record(leaver: OrgInfo, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        sql(statement)
