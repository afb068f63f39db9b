"""Archives: whole, checkable, without a secret, and only for those who may have them."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import connection, transaction
from django.utils import timezone

from controlplane.connections import services as connections
from controlplane.traffic.models import Segment
from tenants.accounts.queries import find_user
from tenants.archives import services
from tenants.archives.models import Archive
from tenants.audit.queries import entries
from tenants.isolation.context import tenant_context
from tenants.members.permissions import ALL
from tenants.orgs.types import OrgInfo
from tenants.tokens.services import create_token
from tenants.vault.services import seal
from tests.clients import TenantClient
from tests.database import TestDatabases
from tests.factories import detection
from tests.isolation.routes import foreign_ids

ARCHIVES = "/api/v1/archives"


def made(client: TenantClient, run_jobs: Callable[..., int]) -> tuple[dict[str, Any], zipfile.ZipFile]:
    """Ask for an archive over HTTP, let the worker make it, download it."""
    asked = client.post(ARCHIVES)
    assert asked.status_code == 202, asked.content
    run_jobs()
    row = client.get(f"{ARCHIVES}/{asked.json()['id']}").json()
    assert row["state"] == "ready", row
    answer = client.get(f"{ARCHIVES}/{row['id']}/file")
    assert answer["Content-Type"] == "application/zip"
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert (len(data), hashlib.sha256(data).hexdigest()) == (row["size"], row["sha256"])
    return row, zipfile.ZipFile(io.BytesIO(data))


def test_an_archive_holds_every_row_and_file_and_its_sums_are_right(
    committed_db: TestDatabases,
    acme: OrgInfo,
    owner_client: Callable[[OrgInfo], TenantClient],
    run_jobs: Callable[..., int],
) -> None:
    with tenant_context(acme.schema_name):
        foreign_ids()
    run_jobs()
    with tenant_context(acme.schema_name):
        segments = Segment.objects.count()
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            tables = {row[0] for row in cursor.fetchall()}
    _, archive = made(owner_client(acme), run_jobs)
    assert archive.testzip() is None
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["tenant"]["slug"] == "acme"
    left_out = {entry.get("table") for entry in manifest["left_out"] if "column" not in entry}
    assert {entry["name"] for entry in manifest["tables"]} | left_out - {None} == tables
    for entry in manifest["tables"]:
        body = archive.read(entry["path"])
        assert hashlib.sha256(body).hexdigest() == entry["sha256"]
        assert len([json.loads(line) for line in body.splitlines()]) == entry["rows"]
    with tenant_context(acme.schema_name), connection.cursor() as cursor:
        for entry in manifest["tables"]:
            if entry["name"] not in ("audit_entry", "archives_archive"):
                cursor.execute(f'SELECT count(*) FROM "{entry["name"]}"')
                row = cursor.fetchone()
                assert row is not None
                assert entry["rows"] == row[0], entry["name"]
    assert segments > 0
    assert len([entry for entry in manifest["files"] if entry["path"].endswith(".parquet")]) == segments
    for entry in manifest["files"]:
        assert hashlib.sha256(archive.read(entry["path"])).hexdigest() == entry["sha256"]


@pytest.mark.asvs("13.3.2", "14.2.4")
def test_no_secret_of_the_workspace_is_in_its_archive(
    committed_db: TestDatabases,
    acme: OrgInfo,
    owner_client: Callable[[OrgInfo], TenantClient],
    run_jobs: Callable[..., int],
) -> None:
    client = owner_client(acme)
    with tenant_context(acme.schema_name):
        owner = find_user("owner@acme.test")
        assert owner is not None
        token = create_token("t", ["findings.read"], timezone.now() + timedelta(days=1), None, ALL)
        held = connections.create(
            "kong", "Kong", {"admin_url": "https://kong.example", "admin_token": "PLAINSECRET-1"}
        )
        totp = generate_totp_secret()
        TOTP.activate(owner, totp)
        with transaction.atomic():  # a sealed value where nobody expects one
            sealed = seal("PLAINSECRET-2", table="api_idempotentrequest", field="answer", row="z")
            Archive.objects.create(state="failed", problem=f"PLAINSECRET-NONE {sealed}")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT secrets, ingest_token_hash FROM connections_connection WHERE id = %s", [held.id]
            )
            stored = cursor.fetchone()
            cursor.execute("SELECT secret_hash FROM tokens_apitoken")
            hashed = cursor.fetchone()
            cursor.execute("SELECT encode(wrapped, 'hex') FROM vault_datakey")
            wrapped = cursor.fetchone()
    assert stored is not None
    assert hashed is not None
    assert wrapped is not None
    assert stored[0]
    secrets = ["PLAINSECRET-1", "PLAINSECRET-2", sealed, token.secret, totp, owner.password]
    secrets += [value for value in (*stored, hashed[0], wrapped[0]) if value]
    secrets += [client.cookies["portcullis_session"].value]
    _, archive = made(client, run_jobs)
    everything = b"\n".join(archive.read(name) for name in archive.namelist())
    assert b"PLAINSECRET-NONE [sealed]" in everything
    assert b"owner@acme.test" in everything
    assert [secret for secret in secrets if secret.encode() in everything] == []


@pytest.mark.asvs("8.2.1", "14.2.7")
def test_only_the_owner_has_archives_and_each_download_is_recorded(
    committed_db: TestDatabases,
    acme: OrgInfo,
    globex: OrgInfo,
    owner_client: Callable[[OrgInfo], TenantClient],
    member_client: Callable[..., TenantClient],
    run_jobs: Callable[..., int],
) -> None:
    row, _ = made(owner_client(acme), run_jobs)
    for client in (member_client(acme, "admin"), member_client(acme, "viewer")):
        assert client.get(ARCHIVES).status_code == 403
        assert client.post(ARCHIVES).status_code == 403
        assert client.get(f"{ARCHIVES}/{row['id']}/file").status_code == 403
    assert owner_client(globex).get(f"{ARCHIVES}/{row['id']}/file").status_code == 404
    with tenant_context(acme.schema_name):
        assert entries(action="archive.download").count() == 1
        assert services.expire(timezone.now() + timedelta(days=8)) == 1
    gone = owner_client(acme).get(f"{ARCHIVES}/{row['id']}/file")
    assert (gone.status_code, gone.json()["code"]) == (409, "archive-not-ready")


def test_an_archive_is_of_one_moment(committed_db: TestDatabases, acme: OrgInfo) -> None:
    """Rows written while the tables are read one after the other are in none of them."""
    from tenants.archives import contents

    class Meddling(io.BytesIO):
        """Adds a connection while the archive is being written, from another session."""

        added = False

        def write(self, data: Any) -> int:
            if not self.added:
                self.added = True
                import threading

                def add() -> None:
                    with tenant_context(acme.schema_name):
                        detection.build()
                        connection.close()

                thread = threading.Thread(target=add)
                thread.start()
                thread.join()
            return super().write(data)

    with tenant_context(acme.schema_name):
        root = services._file("x").parents[1]
        target = Meddling()
        contents.write(target, root, {})
        archive = zipfile.ZipFile(target)
        assert archive.read("data/traffic_segment.jsonl") == b""
        assert Segment.objects.count() > 0


@pytest.mark.asvs("15.2.2")
def test_a_second_archive_is_not_begun_while_one_is_made(
    committed_db: TestDatabases, acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]
) -> None:
    client = owner_client(acme)
    assert client.post(ARCHIVES).status_code == 202
    again = client.post(ARCHIVES)
    assert (again.status_code, again.json()["code"]) == (409, "archive-in-progress")


@pytest.mark.asvs("2.3.3")
def test_a_failed_archive_says_so_and_leaves_no_file(
    committed_db: TestDatabases, acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]
) -> None:
    asked = owner_client(acme).post(ARCHIVES).json()
    with tenant_context(acme.schema_name):
        blocker = services._file(asked["id"])
        blocker.mkdir()
        (blocker / "x").touch()
        with pytest.raises(OSError):
            services.build(asked["id"])
        row = Archive.objects.get(id=asked["id"])
        assert row.state == "failed"
        assert "ask again" in row.problem
        assert not blocker.with_suffix(".tmp").exists()
