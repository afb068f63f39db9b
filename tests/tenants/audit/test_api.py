"""The trail over REST: filters, differences, files to take along, verification away from us."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from tenants.audit.actors import Actor, Origin, actor_scope
from tenants.audit.queries import entries
from tenants.audit.services import record, sign_now
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.database import TestDatabases

Client = Callable[[OrgInfo], TenantClient]
ANN = Actor("user", "usr_ann", "ann@acme.test")
BOT = Actor("token", "tok_bot", "Nightly job")


def write(action: str, target: str, actor: Actor = ANN, **more: object) -> None:
    with transaction.atomic(), actor_scope(actor, Origin("203.0.113.9", "Firefox/140")):
        record(action, target, **more)  # type: ignore[arg-type]


def body(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


@pytest.fixture
def written(acme: OrgInfo) -> OrgInfo:
    """A tenant in which three things happened."""
    with tenant_context(acme.schema_name):
        write(
            "block.push",
            "blk_1",
            before={"stage": "count", "to": {"a": 1}},
            after={"stage": "block", "to": {"a": 1}},
        )
        write("block.undo", "blk_2", BOT, reason="False alarm: Straße closed")
        write("member.add", "mbr_1", after={"email": "bob@acme.test"})
    return acme


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("actor=usr_ann", ["member.add", "block.push"]),
        ("actor_kind=token", ["block.undo"]),
        ("action=block.", ["block.undo", "block.push"]),
        ("action=block.push", ["block.push"]),
        ("target=blk_2", ["block.undo"]),
        ("q=bob%40acme", ["member.add"]),
        ("q=STRASSE", []),
        ("q=straße", ["block.undo"]),
        ("q=false+alarm", ["block.undo"]),
        ("q=203.0.113.9&action=member", ["member.add"]),
        ("actor=usr_ann&action=block.", ["block.push"]),
        ("since=2100-01-01T00:00:00Z", []),
        ("until=2000-01-01T00:00:00Z", []),
        ("since=2000-01-01T00:00:00Z&until=2100-01-01T00:00:00Z&actor_kind=token", ["block.undo"]),
    ],
)
def test_entries_are_found_by_every_filter(
    written: OrgInfo, owner_client: Client, query: str, found: list[str]
) -> None:
    answer = owner_client(written).get(f"/api/v1/audit?{query}")
    assert [entry["action"] for entry in answer.json()["data"]] == found


@pytest.mark.parametrize("query", ["actor_kind=robot", "since=yesterday", f"q={'x' * 201}"])
def test_a_filter_that_cannot_be_read_is_refused(acme: OrgInfo, owner_client: Client, query: str) -> None:
    assert owner_client(acme).get(f"/api/v1/audit?{query}").status_code == 400


def test_an_entry_shows_who_from_where_and_what_differs(written: OrgInfo, owner_client: Client) -> None:
    entry = owner_client(written).get("/api/v1/audit?action=block.push").json()["data"][0]
    assert entry["changes"] == [{"field": "stage", "before": "count", "after": "block"}]
    assert (entry["actor_kind"], entry["actor_name"]) == ("user", "ann@acme.test")
    assert (entry["client_address"], entry["user_agent"]) == ("203.0.113.9", "Firefox/140")


def test_what_a_person_does_by_the_api_names_them_their_address_and_agent(
    acme: OrgInfo, owner_client: Client
) -> None:
    client = owner_client(acme)
    network = {"cidr": "192.0.2.0/24", "label": "Office", "kind": "office"}
    headers = {"user-agent": "Firefox/140", "x-request-id": "request-of-ann-1"}
    client.post("/api/v1/protected-networks", network, headers=headers, REMOTE_ADDR="198.51.100.7")
    entry = client.get("/api/v1/audit?limit=1").json()["data"][0]
    assert (entry["actor_kind"], entry["actor_name"]) == ("user", "owner@acme.test")
    assert (entry["client_address"], entry["user_agent"]) == ("198.51.100.7", "Firefox/140")
    assert entry["request_id"] == "request-of-ann-1"


@pytest.mark.asvs("1.2.10", "16.2.1")
def test_csv_holds_what_was_chosen_and_no_formula(written: OrgInfo, owner_client: Client) -> None:
    with tenant_context(written.schema_name):
        write("block.note", "=HYPERLINK(1)", reason="@SUM(A1)\nsecond line, with a comma")
    answer = owner_client(written).get("/api/v1/audit/export?as=csv&action=block.")
    rows = list(csv.DictReader(io.StringIO(body(answer).decode())))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["action"] for row in rows] == ["block.push", "block.undo", "block.note"]
    assert rows[2]["target"] == "'=HYPERLINK(1)"
    assert rows[2]["reason"] == "'@SUM(A1)\nsecond line, with a comma"
    assert json.loads(rows[0]["after"]) == {"stage": "block", "to": {"a": 1}}


def test_an_export_is_recorded_and_not_in_itself_twice(written: OrgInfo, owner_client: Client) -> None:
    client = owner_client(written)
    lines = body(client.get("/api/v1/audit/export?as=jsonl")).decode().splitlines()
    last = json.loads(lines[-1])
    assert (last["action"], last["actor_name"]) == ("audit.export", "owner@acme.test")
    assert last["after"] == {"as": "jsonl", "filter": {}}
    client.get("/api/v1/audit/export?as=csv&action=block.&since=2026-01-01T00:00:00Z")
    entry = client.get("/api/v1/audit?limit=1").json()["data"][0]
    assert entry["after"] == {
        "as": "csv",
        "filter": {"action": "block.", "since": "2026-01-01T00:00:00+00:00"},
    }
    assert client.get("/api/v1/audit/export?as=pdf").status_code == 400
    assert client.get("/api/v1/audit/export").status_code == 400


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("path", ["audit", "audit/export?as=csv", "audit/heads", "audit/key"])
def test_only_who_may_read_the_trail_may_take_it_along(
    acme: OrgInfo, member_client: Callable[..., TenantClient], path: str
) -> None:
    for role, status in (("viewer", 403), ("responder", 403), ("admin", 200)):
        assert member_client(acme, role).get(f"/api/v1/{path}").status_code == status


@pytest.fixture
def taken(
    committed_db: TestDatabases, written: OrgInfo, owner_client: Client, tmp_path: Path
) -> tuple[Path, Path, Path]:
    """What a customer takes along: the whole export, the heads, the key."""
    with tenant_context(written.schema_name):
        for number in range(2100):
            write("thing.change", f"thing_{number}")
        sign_now()
        write("thing.change", "after the signature")
    client = owner_client(written)
    files = (tmp_path / "entries.jsonl", tmp_path / "heads.jsonl", tmp_path / "key.pem")
    files[0].write_bytes(body(client.get("/api/v1/audit/export?as=jsonl")))
    files[1].write_bytes(body(client.get("/api/v1/audit/heads")))
    files[2].write_text(client.get("/api/v1/audit/key").json()["pem"])
    return files


def offline(*files: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tenants.audit.offline", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.strip()


@pytest.mark.asvs("16.4.2")
def test_a_customer_verifies_the_whole_trail_away_from_the_product(taken: tuple[Path, Path, Path]) -> None:
    code, said = offline(*taken)
    assert code == 0, said
    assert "entries hold; entry" in said
    lines = taken[0].read_text().splitlines(keepends=True)
    taken[0].write_text("".join(line.replace("thing_7", "thing_8") for line in lines))
    code, said = offline(*taken)
    assert code == 1
    assert "was changed" in said
    taken[0].write_text("".join(lines[:-3]))
    assert offline(*taken)[0] == 1


def test_another_key_does_not_verify_it(taken: tuple[Path, Path, Path]) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from tenants.audit.heads import pem

    taken[2].write_text(pem(Ed25519PrivateKey.generate().public_key()))
    assert offline(*taken) == (1, "Signed head 1 is not signed by a known key.")


def test_the_verifier_needs_no_django() -> None:
    names = (
        "import sys, tenants.audit.offline; print([n for n in sys.modules if n.split('.')[0] == 'django'])"
    )
    assert (
        subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_entries_stay_in_the_order_of_their_numbers_while_new_ones_come(
    acme: OrgInfo, owner_client: Client
) -> None:
    client = owner_client(acme)
    with tenant_context(acme.schema_name):
        for number in range(10):
            write("page.test", str(number))
    first = client.get("/api/v1/audit?action=page.test&limit=4").json()
    with tenant_context(acme.schema_name):
        write("page.test", "new")
        count = entries(action="page.test").count()
    second = client.get(f"/api/v1/audit?action=page.test&limit=4&cursor={first['next']}").json()
    assert count == 11
    assert [entry["target"] for entry in first["data"] + second["data"]] == [str(n) for n in range(9, 1, -1)]
