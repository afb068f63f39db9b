"""The database follows the models."""

import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections

from tenants.orgs.types import TEMPLATE_SCHEMA
from tests.database import TestDatabases

PUBLIC_TABLES = {
    "django_migrations",
    "orgs_tenant",
    "orgs_domain",
    "orgs_templatesnapshot",
    "orgs_spareschema",
    "orgs_platformentry",
    "orgs_signuptries",
}


def test_no_model_change_lacks_a_migration(committed_db: TestDatabases) -> None:
    out = io.StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=out, skip_checks=True)
    except SystemExit:
        pytest.fail(out.getvalue())


@pytest.mark.asvs("8.4.1")
def test_no_table_of_a_tenant_exists_in_public(committed_db: TestDatabases) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert {row[0] for row in cursor.fetchall()} == PUBLIC_TABLES


def test_every_model_of_a_tenant_has_its_table_in_the_tenants_schema(committed_db: TestDatabases) -> None:
    expected = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in ("orgs", "queue") and model._meta.managed and not model._meta.proxy
    }
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [TEMPLATE_SCHEMA])
        assert expected - {row[0] for row in cursor.fetchall()} == set()
