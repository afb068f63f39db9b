"""A dropped file becomes an inventory with findings or threats, or a sentence that says why not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from connectors.base.detect import known_formats
from controlplane.imports import services
from controlplane.imports.models import Import
from controlplane.traffic import services as traffic
from tenants.isolation.context import tenant_context
from tenants.isolation.storage import tenant_folder
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.samples import ATTACKER, DECK, HOST, LOGS, OPENAPI

Jobs = Callable[..., int]


@pytest.fixture
def client(acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]) -> TenantClient:
    return owner_client(acme)


def drop(client: TenantClient, name: str, content: bytes, **fields: str) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post("/api/v1/imports", {"file": file, **fields}, format="multipart")


def imported(
    client: TenantClient, run_jobs: Jobs, name: str, content: bytes, **fields: str
) -> dict[str, Any]:
    answer = drop(client, name, content, **fields)
    assert answer.status_code == 202, answer.content
    assert answer.json()["state"] == "queued"
    run_jobs(ahead=10)
    found: dict[str, Any] = client.get(f"/api/v1/imports/{answer.json()['id']}").json()
    return found


def templates(client: TenantClient) -> set[tuple[str, str]]:
    rows = client.get("/api/v1/endpoints?limit=200").json()["data"]
    return {(row["method"], row["template"]) for row in rows}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("shape", LOGS)
def test_every_log_shape_gives_an_inventory_and_threats(client, run_jobs, shape, packed):
    name, content = LOGS[shape]
    content, name = (gzip.compress(content), f"{name}.gz") if packed else (content, name)
    row = imported(client, run_jobs, name, content, host=HOST)
    assert (row["format"], row["state"], row["calls"], row["quarantined"]) == (shape, "done", 300, 0)
    assert row["endpoints"] == 2
    assert {template.rpartition("/")[0] for _, template in templates(client)} == {"/orders", ""}
    threats = client.get("/api/v1/threats").json()["data"]
    assert ATTACKER in {threat["actor"]["label"] for threat in threats}


def test_a_host_given_stands_in_where_the_file_names_none(client, run_jobs):
    imported(client, run_jobs, *LOGS["file.clf"], host="given.example.test")
    rows = client.get("/api/v1/endpoints").json()["data"]
    assert {row["host"] for row in rows} == {"given.example.test"}


def test_an_openapi_document_gives_endpoints_and_findings(client, run_jobs):
    row = imported(client, run_jobs, "shop.json", json.dumps(OPENAPI).encode())
    assert (row["state"], row["routes"], row["errors"]) == ("done", 2, [])
    assert templates(client) == {("GET", "/orders/{id}"), ("GET", "/admin/export")}
    assert row["findings"] == len(client.get("/api/v1/findings").json()["data"]) > 0


def test_a_partly_broken_openapi_document_gives_what_can_be_read_and_names_the_rest(client, run_jobs):
    broken = OPENAPI | {"paths": OPENAPI["paths"] | {"/refunds": {"get": "not an operation"}}}
    row = imported(client, run_jobs, "shop.json", json.dumps(broken).encode())
    assert (row["state"], row["routes"]) == ("done", 2)
    assert row["quarantined"] == len(row["errors"]) >= 1
    assert "/refunds" in json.dumps(row["errors"]).replace("~1", "/")


def test_a_deck_dump_gives_endpoints_and_findings(client, run_jobs):
    row = imported(client, run_jobs, "kong.yaml", DECK.encode())
    assert (row["format"], row["state"], row["routes"]) == ("kong.deck", "done", 2)
    assert row["endpoints"] > 0
    assert row["findings"] > 0


@pytest.mark.asvs("5.2.2")
def test_an_unknown_file_is_refused_with_the_formats_we_know(client):
    answer = drop(client, "photo.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8)
    assert answer.status_code == 422
    assert all(title in answer.json()["detail"] for title in known_formats())
    assert client.get("/api/v1/imports").json()["data"] == []


@pytest.mark.parametrize("content", [b"", gzip.compress(b"", mtime=0)], ids=["plain", "gzip"])
def test_an_empty_file_is_refused(client, content):
    answer = drop(client, "access.log", content)
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]
    assert client.get("/api/v1/imports").json()["data"] == []


@pytest.mark.asvs("5.2.1")
def test_a_file_over_the_limit_is_refused(client, monkeypatch):
    monkeypatch.setattr(services, "MAX_UPLOAD_BYTES", 1000)
    answer = drop(client, *LOGS["file.clf"])
    assert answer.status_code == 413
    assert "Nothing was stored" in answer.json()["detail"]


def test_a_damaged_gzip_keeps_what_was_read_and_says_where_it_broke(client, run_jobs):
    name, content = LOGS["kong.http_log"]
    packed = gzip.compress(content * 20, compresslevel=0)
    row = imported(client, run_jobs, f"{name}.gz", packed[: len(packed) // 2])
    assert row["state"] == "done"
    assert row["calls"] > 0
    assert "ends too early" in row["errors"][-1]["detail"]


@pytest.mark.asvs("5.2.3")
def test_a_gzip_bomb_is_stopped(client, run_jobs):
    bomb = gzip.compress(LOGS["file.clf"][1] + b"\n" * (64 << 20))
    row = imported(client, run_jobs, "bomb.log.gz", bomb, host=HOST)
    assert row["calls"] == 300
    assert "times its size" in row["errors"][-1]["detail"]


def test_malformed_lines_are_counted_and_named(client, run_jobs):
    name, content = LOGS["file.clf"]
    row = imported(client, run_jobs, name, content + b"what is this\n", host=HOST)
    assert (row["calls"], row["quarantined"]) == (300, 1)
    assert row["errors"] == [{"line": 301, "detail": "not a line in common or combined log format"}]


def test_running_the_job_again_changes_nothing(client, acme, run_jobs):
    row = imported(client, run_jobs, *LOGS["kong.http_log"])
    before = templates(client)
    with tenant_context(acme.schema_name):
        services.run(row["id"])
    run_jobs(ahead=10)
    assert client.get(f"/api/v1/imports/{row['id']}").json() == row
    assert templates(client) == before


@pytest.mark.asvs("2.3.3")
def test_a_job_killed_in_the_middle_continues_without_counting_twice(client, acme, run_jobs, monkeypatch):
    monkeypatch.setattr(services, "_ROWS_PER_SEGMENT", 1)
    name, content = LOGS["kong.http_log"]
    shifted = [content.replace(b'"id": "0', b'"id": "%x' % n) for n in range(1, 15)]
    row = drop(client, name, b"".join(shifted)).json()
    with tenant_context(acme.schema_name):
        kept = Import.objects.get(pk=row["id"])
        stored = traffic.accept

        def dies(*args: Any) -> Any:
            monkeypatch.setattr(traffic, "accept", killed)
            return stored(*args)

        def killed(*args: Any) -> Any:
            raise KeyboardInterrupt

        monkeypatch.setattr(traffic, "accept", dies)
        with pytest.raises(KeyboardInterrupt):
            services.run(kept.id)
        monkeypatch.setattr(traffic, "accept", stored)
    half = client.get(f"/api/v1/imports/{row['id']}").json()
    assert half["state"] == "running"
    assert half["calls"] == 4000
    run_jobs(ahead=10)
    whole = client.get(f"/api/v1/imports/{row['id']}").json()
    assert (whole["state"], whole["calls"]) == ("done", 300 * 14)
    assert client.get("/api/v1/connections").json()["data"][0]["id"] == whole["connection_id"]
    assert len(client.get("/api/v1/connections").json()["data"]) == 1


@pytest.mark.asvs("8.2.1")
def test_a_viewer_cannot_import(acme, member_client):
    answer = drop(member_client(acme, role="viewer"), *LOGS["file.clf"])
    assert answer.status_code == 403


def test_a_file_sent_twice_under_one_key_is_imported_once_and_whole(client, run_jobs):
    name, content = LOGS["file.clf"]
    sent = [
        client.post(
            "/api/v1/imports",
            {"file": SimpleUploadedFile(name, body), "host": HOST},
            format="multipart",
            headers={"Idempotency-Key": "drop-1"},
        )
        for body in (content, content, content + b"\n")
    ]
    assert [answer.status_code for answer in sent] == [202, 202, 422]
    assert sent[0].json()["id"] == sent[1].json()["id"]
    run_jobs(ahead=10)
    assert [row["calls"] for row in client.get("/api/v1/imports").json()["data"]] == [300]


@pytest.mark.asvs("5.3.2")
@pytest.mark.parametrize(
    "name",
    [
        "../../../../tmp/evil.log",
        "/etc/evil.log",
        "..\\..\\evil.log",
        "a\x00b.log",
        "evil.log\r\nX-Y: z",
        "." * 300,
    ],
)
def test_the_name_of_a_file_decides_no_path(client, acme, name):
    content = LOGS["file.clf"][1]
    disposition = f'form-data; name="file"; filename="{name}"'.encode()
    body = b"--b\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n--b--\r\n"
    answer = client.generic("POST", "/api/v1/imports", body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code in (202, 400, 422)
    with tenant_context(acme.schema_name):
        kept = [path for path in tenant_folder("imports").rglob("*") if path.is_file()]
        rows = list(Import.objects.all())
    assert sorted(path.name for path in kept) == sorted(row.id for row in rows)
    for row in rows:
        assert not set(row.filename) & set("/\r\n\0")
