"""The audit trail: in the change's transaction, append-only, tampering shows."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections, transaction

from tenants.audit.actors import Actor, actor_scope
from tenants.audit.models import Entry
from tenants.audit.queries import entries, verify
from tenants.audit.services import record
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.database import TestDatabases


def test_an_entry_says_who_did_what(tenant: OrgInfo) -> None:
    with transaction.atomic(), actor_scope(Actor("user", "usr_1", "ann@acme.test")):
        record("block.push", "blk_1", before={"state": "ready"}, after={"state": "pushed"}, reason="Attack")
    entry = entries(target="blk_1").get()
    assert (entry.actor_id, entry.action, entry.after, entry.reason) == (
        "usr_1",
        "block.push",
        {"state": "pushed"},
        "Attack",
    )
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


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
def test_the_tenants_role_cannot_rewrite_it(tenant: OrgInfo, statement: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connections["default"].cursor().execute(statement)


TAMPERING = {
    "altered": "UPDATE {0}.audit_entry SET action = 'nothing' WHERE sequence = 2",
    "removed": "DELETE FROM {0}.audit_entry WHERE sequence = 2",
    "beheaded": "DELETE FROM {0}.audit_entry WHERE sequence = 1",
    "swapped": "UPDATE {0}.audit_entry SET sequence = 1000 + 3 - sequence WHERE sequence IN (1, 2);"
    "UPDATE {0}.audit_entry SET sequence = sequence - 1000 WHERE sequence > 1000",
}


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_by_the_database_owner_shows(committed_db: TestDatabases, acme: OrgInfo, kind: str) -> None:
    with tenant_context(acme.schema_name):
        assert verify().fault == ""
    with connections["owner"].cursor() as cursor:
        cursor.execute(TAMPERING[kind].format(acme.schema_name))
    with tenant_context(acme.schema_name):
        assert verify().fault != ""
    with pytest.raises(CommandError, match="acme: entry"):
        call_command("audit", "verify")


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
