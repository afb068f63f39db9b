"""Two locks keep tenants apart: each holds when the other is broken on purpose."""

import contextlib

import pytest
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.database import TestDatabases


def emails() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT email FROM accounts_user")
        return {row[0].split("@")[1] for row in cursor.fetchall()}


def test_inside_a_tenant_only_its_rows_are_seen(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        assert emails() == {"acme.test"}
    with tenant_context(globex.schema_name):
        assert emails() == {"globex.test"}


def test_outside_tenants_no_tenant_table_exists(any_db: None) -> None:
    with pytest.raises(ProgrammingError, match="does not exist"):
        emails()


def by_hand(statement: str) -> None:
    """Change the session behind the backend's back, by the driver's own cursor."""
    connection.ensure_connection()
    connection.connection.execute(statement)


@pytest.mark.asvs("8.4.1", "13.2.2")
def test_with_a_wrong_search_path_the_role_refuses(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        assert emails() == {"acme.test"}
        by_hand(f"SET search_path = {globex.schema_name}")
        with pytest.raises(ProgrammingError, match=r"does not exist|permission denied"):
            emails()


@pytest.mark.asvs("8.4.1", "13.2.2")
def test_naming_the_other_schema_is_refused_by_the_role(acme: OrgInfo, globex: OrgInfo) -> None:
    with (
        tenant_context(acme.schema_name),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="permission denied"),
    ):
        cursor.execute(f"SELECT email FROM {globex.schema_name}.accounts_user")


@pytest.mark.asvs("8.4.1")
def test_with_the_wrong_role_the_search_path_still_holds(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        assert emails() == {"acme.test"}
        by_hand(f"SET ROLE {globex.schema_name}")
        with pytest.raises(ProgrammingError, match=r"does not exist|permission denied"):
            emails()


CHANGED_BY_HAND = (
    "SET search_path = {other}",
    "SET ROLE {other}",
    "RESET search_path",
    "RESET ROLE",
    "DO $$ BEGIN PERFORM set_config('search_path', '{other}', false), set_config('role', '{other}', false); END $$",
)


@pytest.mark.parametrize("statement", CHANGED_BY_HAND)
def test_a_session_changed_by_a_statement_of_ours_is_set_again(
    statement: str, acme: OrgInfo, globex: OrgInfo
) -> None:
    with tenant_context(acme.schema_name):
        with connection.cursor() as cursor:
            cursor.execute(statement.format(other=globex.schema_name))
        assert emails() == {"acme.test"}


@pytest.mark.parametrize("end", ["ROLLBACK", "ROLLBACK TO SAVEPOINT a"])
def test_a_switch_undone_by_a_statement_of_ours_is_issued_again(
    end: str, committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo
) -> None:
    with connection.cursor() as cursor:
        with tenant_context(acme.schema_name):
            cursor.execute("BEGIN")
            cursor.execute("SAVEPOINT a")
            assert emails() == {"acme.test"}
        with tenant_context(globex.schema_name):
            assert emails() == {"globex.test"}
            cursor.execute(end)  # the session is acme's again
            assert emails() == {"globex.test"}


@pytest.mark.asvs("8.4.1", "16.5.3")
def test_a_failing_switch_raises_and_drops_the_connection(
    committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo
) -> None:
    with tenant_context(globex.schema_name):
        assert emails() == {"globex.test"}
    with tenant_context("t_ffffffffffffffff"):
        with pytest.raises(DatabaseError):
            emails()
        assert connection.connection is None
    with tenant_context(acme.schema_name):
        assert emails() == {"acme.test"}


def test_a_switch_cancelled_by_the_server_never_runs_the_query(
    committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo
) -> None:
    with tenant_context(globex.schema_name):
        emails()
        pid = connection.connection.info.backend_pid
    committed_db.terminate(pid)
    with tenant_context(acme.schema_name):
        with pytest.raises(DatabaseError):
            emails()
        assert emails() == {"acme.test"}


def test_a_schema_without_its_role_cannot_be_entered(committed_db: TestDatabases, acme: OrgInfo) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE SCHEMA t_eeeeeeeeeeeeeeee")
    with tenant_context("t_eeeeeeeeeeeeeeee"), pytest.raises(DatabaseError, match="does not exist"):
        emails()


def test_a_role_without_its_schema_cannot_be_entered(committed_db: TestDatabases, acme: OrgInfo) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {acme.schema_name} RENAME TO elsewhere")
    with tenant_context(acme.schema_name), pytest.raises(DatabaseError):
        emails()


def test_a_rolled_back_switch_is_issued_again(
    committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo
) -> None:
    with tenant_context(acme.schema_name):
        emails()
    with contextlib.suppress(ValueError), transaction.atomic(), tenant_context(globex.schema_name):
        assert emails() == {"globex.test"}
        raise ValueError
    with tenant_context(globex.schema_name):
        assert emails() == {"globex.test"}


def test_a_rolled_back_savepoint_leaves_the_right_tenant(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        with contextlib.suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        assert emails() == {"acme.test"}
    with tenant_context(globex.schema_name):
        assert emails() == {"globex.test"}


def test_a_cursor_opened_in_one_tenant_follows_to_the_next(acme: OrgInfo, globex: OrgInfo) -> None:
    with connection.cursor() as cursor:
        for org in (acme, globex):
            with tenant_context(org.schema_name):
                cursor.execute("SELECT email FROM accounts_user")
                assert {row[0].split("@")[1] for row in cursor.fetchall()} == {f"{org.slug}.test"}


@pytest.mark.asvs("8.4.1", "13.2.2")
def test_the_app_role_cannot_touch_the_queue_of_others_nor_the_list_of_tenants(acme: OrgInfo) -> None:
    for statement in (
        "SELECT * FROM jobs.queue",
        "SELECT * FROM public.orgs_tenant",
        "CREATE TABLE x (y int)",
    ):
        with (
            tenant_context(acme.schema_name),
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.asvs("13.2.2")
def test_a_tenant_cannot_be_added_or_changed_by_the_app_role(acme: OrgInfo) -> None:
    for statement in ("UPDATE orgs_tenant SET name = 'x'", "DELETE FROM orgs_tenant", "TRUNCATE orgs_tenant"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
