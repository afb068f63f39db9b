"""The audit trail: in the change's transaction, append-only, exact about who and where, one chain whatever the release."""

import hashlib
import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from tenants.audit import chain
from tenants.audit.actors import Actor, Origin, actor_scope
from tenants.audit.chain import GENESIS
from tenants.audit.models import Entry
from tenants.audit.queries import entries, verify
from tenants.audit.reading import COLUMNS, hash_of_row, parsed
from tenants.audit.services import record
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.database import TestDatabases


@pytest.mark.asvs("16.2.1")
def test_an_entry_says_who_did_what_from_where(tenant: OrgInfo) -> None:
    origin = Origin("203.0.113.9", "Firefox/140")
    with transaction.atomic(), actor_scope(Actor("user", "usr_1", "ann@acme.test"), origin):
        record("block.push", "blk_1", before={"state": "ready"}, after={"state": "pushed"}, reason="Attack")
    entry = entries(target="blk_1").get()
    assert (entry.actor_id, entry.action, entry.after, entry.reason) == (
        "usr_1",
        "block.push",
        {"state": "pushed"},
        "Attack",
    )
    assert (entry.client_address, entry.user_agent) == ("203.0.113.9", "Firefox/140")
    assert entry.at.tzinfo == UTC
    assert verify().fault == ""


def test_a_rolled_back_change_leaves_no_entry(tenant: OrgInfo) -> None:
    before = entries().count()
    with transaction.atomic():
        record("x", "y")
        transaction.set_rollback(True)
    assert entries().count() == before


def test_outside_a_transaction_nothing_is_recorded(committed_db: TestDatabases, acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name), pytest.raises(transaction.TransactionManagementError):
        record("x", "y")


@pytest.mark.asvs("16.4.2")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET reason = 'x'",
        "UPDATE audit_entry SET hash_version = 2",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "DROP TABLE audit_entry",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "DO $$ BEGIN GRANT UPDATE ON audit_entry TO CURRENT_USER; UPDATE audit_entry SET reason = 'x'; END $$",
        "SELECT * FROM audit_entry FOR UPDATE",
    ],
)
def test_the_tenants_role_cannot_rewrite_it(tenant: OrgInfo, statement: str) -> None:
    with transaction.atomic():
        record("x", "y")
    refused = pytest.raises(DatabaseError, match=r"permission denied|must be owner")
    with refused, transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "value",
    [
        1e16,
        1e22,
        1.5e300,
        -0.0,
        0.1,
        1e-7,
        10**40,
        "\U0001f600",
        "ä",
        "\\u0041",
        [],
        {},
        [{"b": 1, "a": None}],
        True,
    ],
)
def test_whatever_json_says_the_chain_holds(tenant: OrgInfo, value: object) -> None:
    with transaction.atomic():
        record("x", "y", before={"value": value}, after={"ключ": value, "b": 1, "a": 2})
    assert verify().fault == ""


def test_entries_of_the_release_before_stay_valid_among_new_ones(tenant: OrgInfo) -> None:
    with transaction.atomic():
        record("new", "y")
    last = entries().order_by("-sequence")[0]
    # As that release wrote it: its own columns, its own hash.
    covered: dict[str, Any] = {
        "sequence": last.sequence + 1,
        "at": datetime(2026, 11, 1, 12, 0, 0, 5, tzinfo=UTC).isoformat(timespec="microseconds"),
        "actor_kind": "user", "actor_id": "usr_1", "actor_name": "ann@acme.test",
        "action": "old", "target": "z", "before": None, "after": {"name": "Ä", "n": 1}, "reason": "r",
        "request_id": "abc", "previous_hash": last.hash,
    }  # fmt: skip
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    columns = covered | {
        "hash": hashlib.sha256(text.encode()).hexdigest(),
        "after": json.dumps(covered["after"]),
    }
    with connections["default"].cursor() as cursor:
        names = ", ".join(columns)
        cursor.execute(
            f"INSERT INTO audit_entry ({names}) VALUES ({', '.join(['%s'] * len(columns))})",
            list(columns.values()),
        )
    assert entries(action="old").get().hash_version == 1
    with transaction.atomic():
        record("new", "y")
    assert verify().fault == ""


def test_the_hash_covers_address_and_agent_of_new_entries(tenant: OrgInfo) -> None:
    with transaction.atomic(), actor_scope(origin=Origin("203.0.113.9", "Firefox/140")):
        record("x", "y")
    entry = entries(action="x").get()
    assert entry.hash_version == 2
    fields = {name: value for name, value in vars(entry).items() if name not in ("_state", "hash")}
    fields["at"] = entry.at.isoformat(timespec="microseconds")
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == entry.hash
    assert len(entry.previous_hash) == len(GENESIS)


@pytest.mark.asvs("16.2.5")
def test_what_looks_like_a_secret_is_blanked_before_it_is_hashed(tenant: OrgInfo) -> None:
    token = "ghp_" + "a1B2" * 9
    with transaction.atomic(), actor_scope(origin=Origin("203.0.113.9", f"curl {token}")):
        record(
            "x",
            "y",
            before={"password": "hunter2", "admin_token": {"set": True}},
            after={"url": f"https://u:{token}@git.example.com", "note": [f"key {token}"]},
            reason=f"Bearer {token}",
        )
    entry = entries(action="x").get()
    assert entry.before == {"password": "[redacted]", "admin_token": {"set": True}}
    assert token not in json.dumps([entry.before, entry.after, entry.reason, entry.user_agent])
    assert verify().fault == ""


texts = st.text(st.characters(exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)


@given(before=st.dictionaries(texts, json_values), reason=texts)
def test_the_fast_way_of_hashing_a_row_is_the_same_hash(before: dict[str, object], reason: str) -> None:
    entry: dict[str, object] = dict.fromkeys(COLUMNS, "x") | {"sequence": 7, "before": before, "after": None}
    entry["reason"] = reason
    for version in chain.FIELDS:
        entry["hash_version"] = version
        assert hash_of_row(parsed(json.dumps(entry))) == chain.entry_hash(entry)


def test_writers_at_once_make_one_unbroken_chain(committed_db: TestDatabases, acme: OrgInfo) -> None:
    def write() -> None:
        try:
            for _ in range(5):
                with tenant_context(acme.schema_name), transaction.atomic():
                    record("x", "y")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenant_context(acme.schema_name):
        assert Entry.objects.filter(action="x").count() == 30
        assert verify().fault == ""
