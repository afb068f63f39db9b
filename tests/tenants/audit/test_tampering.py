"""Whoever owns the database can rewrite every row and every hash; what was signed outside of it tells.

Each kind of tampering is done as the database's owner, who also knows how entries are hashed.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone

from benchmarks.audit import write_in_bulk
from tenants.audit import chain
from tenants.audit.jobs import sign
from tenants.audit.queries import entries, head_lines, verify
from tenants.audit.services import record, sign_now
from tenants.audit.signing import TrailChanged, sign_head
from tenants.isolation.context import no_tenant, require_tenant, tenant_context
from tenants.isolation.storage import tenant_folder
from tenants.jobs.scheduler import keep
from tenants.jobs.services import keeping
from tenants.orgs.services import resume_tenant, suspend_tenant
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.database import TestDatabases

#: Entries 1 to 5 are signed together, 6 to 10 together, 11 and 12 are not signed yet.
FIRST_SIGNED, SIGNED, LAST = 5, 10, 12


@pytest.fixture
def trail(committed_db: TestDatabases, acme: OrgInfo) -> Iterator[OrgInfo]:
    """Be in a tenant with a fresh trail of twelve entries, signed at 5 and 10."""
    with tenant_context(acme.schema_name):
        owner("TRUNCATE {table}")
        for number in range(1, LAST + 1):
            with transaction.atomic():
                record("thing.change", f"thing_{number}", before={"n": number}, after={"n": number + 1})
            if number in (FIRST_SIGNED, SIGNED):
                sign_now()
        assert verify().fault == ""
        yield acme


def owner(statement: str) -> None:
    """Run a statement as the database's owner."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement.format(table=f"{require_tenant().schema_name}.audit_entry"))


def rechain(since: int) -> None:
    """Make the chain hang together again from an entry on, as somebody who knows the code would."""
    previous = chain.GENESIS
    for entry in list(entries().order_by("sequence")):
        if entry.sequence >= since:
            entry.previous_hash = previous
            fresh = chain.entry_hash(vars(entry))
            owner(
                f"UPDATE {{table}} SET previous_hash = '{previous}', hash = '{fresh}' "
                f"WHERE sequence = {entry.sequence}"
            )
            previous = fresh
        else:
            previous = entry.hash


def delete(sequence: int) -> None:
    owner(f"DELETE FROM {{table}} WHERE sequence = {sequence}")


def close_gap(sequence: int) -> None:
    owner(f"UPDATE {{table}} SET sequence = -sequence WHERE sequence > {sequence}")
    owner("UPDATE {table} SET sequence = -sequence - 1 WHERE sequence < 0")


def alter(sequence: int) -> None:
    owner(f"UPDATE {{table}} SET actor_name = 'somebody else' WHERE sequence = {sequence}")


def swap(one: int, other: int) -> None:
    owner(
        f"UPDATE {{table}} SET sequence = 1000 + {one + other} - sequence WHERE sequence IN ({one}, {other})"
    )
    owner("UPDATE {table} SET sequence = sequence - 1000 WHERE sequence > 1000")


def insert_between(sequence: int) -> None:
    owner(f"UPDATE {{table}} SET sequence = -sequence WHERE sequence > {sequence}")
    owner("UPDATE {table} SET sequence = -sequence + 1 WHERE sequence < 0")
    owner(
        "INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(e) || "
        f"'{{{{\"sequence\": {sequence + 1}}}}}')).* FROM {{table}} e WHERE sequence = {sequence}"
    )


def truncate(after: int) -> None:
    owner(f"DELETE FROM {{table}} WHERE sequence > {after}")


def make_hash_fit(sequence: int) -> None:
    fresh = chain.entry_hash(vars(entries().get(sequence=sequence)))
    owner(f"UPDATE {{table}} SET hash = '{fresh}' WHERE sequence = {sequence}")


Step = tuple[Callable[..., None], int] | tuple[Callable[..., None], int, int] | tuple[Callable[..., None]]
#: Each kind, step by step, with the first entry that may be named and the last that is wrong for certain.
TAMPERING: dict[str, tuple[list[Step], int, int]] = {
    "an entry altered": ([(alter, 3)], 3, 3),
    "the first entry altered": ([(alter, 1)], 1, 1),
    "the newest entry altered": ([(alter, LAST)], LAST, LAST),
    "an entry altered and its own hash made to fit": ([(alter, 7), (make_hash_fit, 7)], 7, 7),
    "an entry removed": ([(delete, 3)], 3, 3),
    "the first entry removed": ([(delete, 1)], 1, 1),
    "an entry removed and the numbers closed up": ([(delete, 3), (close_gap, 3)], 2, 3),
    "two entries swapped": ([(swap, 7, 8)], 6, 7),
    "an entry put in between": ([(insert_between, 7)], 7, 8),
    "a signed tail cut off": ([(truncate, 8)], 9, 9),
    "cut to an earlier signed head": ([(truncate, FIRST_SIGNED)], FIRST_SIGNED + 1, FIRST_SIGNED + 1),
    "everything removed": ([(truncate, 0)], 1, 1),
    "an old entry altered and all rewritten from there": ([(alter, 3), (rechain, 3)], 1, 3),
    "a later entry altered and all rewritten from there": ([(alter, 8), (rechain, 8)], 6, 8),
    "everything rewritten": ([(alter, 1), (rechain, 1)], 1, 1),
    "an entry removed and all rewritten": ([(delete, 7), (close_gap, 7), (rechain, 7)], 6, 7),
    "two entries swapped and all rewritten": ([(swap, 2, 3), (rechain, 1)], 1, 2),
    "cut off and filled up by the product itself": ([(truncate, 8), (lambda: fill(),)], 6, 10),
    "everything removed and filled up": ([(truncate, 0), (lambda: fill(12),)], 1, 5),
}


def fill(count: int = 6) -> None:
    """Let the product write on."""
    for number in range(count):
        with transaction.atomic():
            record("thing.change", f"later_{number}")


@pytest.mark.asvs("16.4.2")
def test_every_tampering_by_the_database_owner_is_found_and_the_first_bad_entry_named(trail: OrgInfo) -> None:
    owner("CREATE TABLE {table}_copy AS TABLE {table}")
    wrong = []
    for kind, (steps, earliest, latest) in TAMPERING.items():
        for act, *about in steps:
            act(*about)
        found = verify()
        named = found.sequence or 0
        if not found.fault or not earliest <= named <= latest:
            wrong.append(f"{kind}: {found.sequence} {found.fault}")
        owner("TRUNCATE {table}; INSERT INTO {table} TABLE {table}_copy")
        assert verify().fault == ""
    assert wrong == []


def test_a_fault_far_from_the_end_of_a_long_trail_leaves_the_connection_usable(trail: OrgInfo) -> None:
    write_in_bulk(20_000)
    alter(3)
    assert verify().sequence == 3
    with transaction.atomic():
        assert verify().sequence == 3
        record("x", "y")
    assert entries().count() == 20_001


def test_what_was_not_signed_yet_can_be_cut_off_and_only_that(trail: OrgInfo) -> None:
    truncate(SIGNED)
    assert verify().fault == ""
    truncate(SIGNED - 1)
    assert verify().sequence == SIGNED


@pytest.mark.asvs("16.4.3")
def test_heads_are_signed_by_themselves_within_a_minute(
    trail: OrgInfo, globex: OrgInfo, initech: OrgInfo
) -> None:
    assert dict(keeping())[sign] <= 30
    before = len(head_lines())
    with no_tenant():
        keep(sign)
    assert len(head_lines()) == before + 1
    with no_tenant():
        keep(sign)
        for org in (globex, initech):  # initech is suspended
            with tenant_context(org.schema_name):
                assert len(head_lines()) == 1
    assert len(head_lines()) == before + 1  # nothing new to sign
    truncate(LAST - 1)
    assert verify().sequence == LAST


def test_one_workspace_whose_trail_was_changed_does_not_keep_the_others_unsigned(
    trail: OrgInfo, globex: OrgInfo
) -> None:
    alter(3)
    rechain(3)
    with no_tenant():
        keep(sign)
        with tenant_context(globex.schema_name):
            assert len(head_lines()) == 1
    assert len(head_lines()) == 2


def test_a_trail_that_was_changed_is_not_signed_again(trail: OrgInfo) -> None:
    alter(3)
    rechain(3)
    with pytest.raises(TrailChanged, match="Entry 10 is not the one that was signed"):
        sign_head(timezone.now())
    fill()
    with pytest.raises(TrailChanged):
        sign()
    assert verify().fault


def test_nothing_is_signed_that_may_still_be_rolled_back(trail: OrgInfo) -> None:
    with transaction.atomic():
        record("x", "y")
        with pytest.raises(RuntimeError, match="durable"):
            sign_head(timezone.now())
        transaction.set_rollback(True)
    assert verify().fault == ""


def heads_file() -> Path:
    (file,) = tenant_folder("heads").glob("*.jsonl")
    assert len(file.read_bytes().splitlines()) == 2
    return file


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("a line edited", lambda text: text.replace(b'"sequence":5', b'"sequence":4')),
        ("a hash edited", lambda text: text.replace(b'"hash":"', b'"hash":"0', 1)),
        ("the first line removed", lambda text: text.split(b"\n", 1)[1]),
        ("a line said twice", lambda text: text + text.split(b"\n")[0] + b"\n"),
        ("lines swapped", lambda text: b"\n".join([*reversed(text.split(b"\n")[:-1]), b""])),
        ("a line that is no JSON", lambda text: text + b"x\n"),
    ],
)
def test_changed_heads_are_found(trail: OrgInfo, kind: str, change: Callable[[bytes], bytes]) -> None:
    file = heads_file()
    file.write_bytes(change(file.read_bytes()))
    assert "Signed head" in verify().fault


def test_heads_of_another_workspace_are_refused(trail: OrgInfo, globex: OrgInfo) -> None:
    lines = heads_file().read_bytes()
    with no_tenant(), tenant_context(globex.schema_name):
        (tenant_folder("heads") / "2026-11.jsonl").write_bytes(lines)
        assert "another workspace's" in verify().fault


def test_a_line_half_written_by_a_crash_is_no_line(trail: OrgInfo) -> None:
    file = heads_file()
    file.write_bytes(file.read_bytes() + b'{"kind":"head","seq')
    assert verify().fault == ""
    sign()
    assert verify().fault == ""
    assert len(head_lines()) == len(file.read_bytes().splitlines())


def test_heads_and_numbers_go_on_over_the_end_of_a_month_and_a_clock_put_back(trail: OrgInfo) -> None:
    for at in (
        datetime(2030, 1, 31, tzinfo=UTC),
        datetime(2030, 2, 1, tzinfo=UTC),
        datetime(2029, 1, 1, tzinfo=UTC),
    ):
        fill()
        assert sign_head(at) is not None
    assert len(list(tenant_folder("heads").glob("*.jsonl"))) == 3
    assert verify().fault == ""


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A second place for heads."""
    monkeypatch.setattr(settings, "AUDIT_MIRROR", f"file:{tmp_path / 'worm'}")
    return tmp_path / "worm"


@pytest.mark.asvs("16.4.3")
def test_with_a_mirror_neither_trail_nor_heads_can_be_cut_back_together(mirror: Path, trail: OrgInfo) -> None:
    file = heads_file()
    file.write_bytes(b"\n".join([*file.read_bytes().split(b"\n")[:1], b""]))
    truncate(FIRST_SIGNED)
    assert verify().sequence == FIRST_SIGNED + 1
    shutil.rmtree(tenant_folder("heads"))
    owner("TRUNCATE {table}")
    assert verify().sequence == 1


def test_a_mirror_that_was_away_is_completed(mirror: Path, trail: OrgInfo) -> None:
    copies = mirror / trail.schema_name
    assert len(list(copies.iterdir())) == len(head_lines())
    assert all(file.stat().st_mode & 0o777 == 0o400 for file in copies.iterdir())
    shutil.rmtree(copies)
    copies.write_text("not a folder")  # cannot be written
    sign()
    assert verify().signed is not None
    copies.unlink()
    sign()
    assert len(list(copies.iterdir())) == len(head_lines())


def test_a_mirror_that_was_changed_is_found(mirror: Path, trail: OrgInfo) -> None:
    first, *_ = sorted((mirror / trail.schema_name).iterdir())
    first.chmod(0o600)
    first.write_bytes(first.read_bytes().replace(b'"number":1', b'"number":9'))
    assert "In the mirror" in verify().fault


def test_a_suspended_workspace_s_trail_is_signed_at_once(committed_db: TestDatabases, acme: OrgInfo) -> None:
    suspend_tenant(acme.id, "Payment")
    with tenant_context(acme.schema_name):
        signed = verify().signed
        assert signed is not None
        assert signed.sequence == entries().count()
        truncate(signed.sequence - 1)
        assert verify().fault
    resume_tenant(acme.id, "Paid")


def audit(*arguments: str) -> str:
    out = io.StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_names_workspace_and_entry_and_ends_with_an_error(
    committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo
) -> None:
    assert "acme: " in audit("verify")
    with tenant_context(acme.schema_name):
        alter(1)
    with pytest.raises(CommandError, match=r"acme: entry 1: Entry 1 was changed\.") as failed:
        audit("verify")
    assert failed.value.returncode == 1
    with pytest.raises(CommandError):
        audit("verify", "--tenant", "acme")
    assert "entries hold" in audit("verify", "--tenant", "globex")
    assert "BEGIN PUBLIC KEY" in audit("key")


def test_a_restored_backup_is_accepted_with_a_reason_and_stays_visible(
    committed_db: TestDatabases, acme: OrgInfo
) -> None:
    with tenant_context(acme.schema_name):
        count = entries().count()
        fill()
        sign_now()
        truncate(count + 2)
        assert verify().sequence == count + 3
    with pytest.raises(CommandError, match="say why"):
        audit("accept-restored", "--tenant", "acme")
    audit("accept-restored", "--tenant", "acme", "--reason", "Disk failed, backup of Monday")
    told = audit("verify", "--tenant", "acme")
    assert f"put back to entry {count + 2}" in told
    assert "Disk failed, backup of Monday" in told
    with tenant_context(acme.schema_name):
        fill()
        sign_now()
        assert verify().fault == ""
        alter(2)
        rechain(2)
        assert verify().fault


def test_the_api_says_what_holds_and_how_far_it_is_signed(
    committed_db: TestDatabases, acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]
) -> None:
    client = owner_client(acme)
    network = {"cidr": "192.0.2.0/24", "label": "Office", "kind": "office"}
    assert client.post("/api/v1/protected-networks", network).status_code == 201
    first = client.post("/api/v1/audit/verify").json()
    assert (first["ok"], first["fault"], first["signed"]) == (True, "", None)
    second = client.post("/api/v1/audit/verify").json()
    assert second["signed"]["sequence"] == second["checked"]
    at = datetime.fromisoformat(second["signed"]["at"])
    assert timezone.now() - at < timedelta(minutes=1)
    assert second["signed"]["key"] == client.get("/api/v1/audit/key").json()["id"]
