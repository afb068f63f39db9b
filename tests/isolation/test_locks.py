"""Two locks keep tenants apart: each holds when the other is broken on purpose."""

import pytest
from django.db import DatabaseError, ProgrammingError, connection

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo


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


def test_with_a_wrong_search_path_the_role_refuses(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name), connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {globex.schema_name}")
        with pytest.raises(ProgrammingError, match=r"does not exist|permission denied"):
            cursor.execute("SELECT email FROM accounts_user")


def test_naming_the_other_schema_is_refused_by_the_role(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name), connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="permission denied"):
            cursor.execute(f"SELECT email FROM {globex.schema_name}.accounts_user")


def test_with_the_wrong_role_the_search_path_still_holds(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name), connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {globex.schema_name}")
        with pytest.raises(ProgrammingError, match=r"does not exist|permission denied"):
            cursor.execute("SELECT email FROM accounts_user")
