"""Schemas of tenants, made and migrated on the owner connection.

A template schema is migrated by Django and dumped once per state of the migrations; a new tenant is that
text with the name replaced, run in one statement batch.
"""

import os
import secrets
import subprocess
from datetime import timedelta
from typing import Any, cast

from django.db import transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from tenants.errors import Unavailable
from tenants.isolation.credentials import libpq
from tenants.isolation.postgres.binaries import program
from tenants.isolation.roles import close_public, create_tenant_schema
from tenants.isolation.routers import OWNER
from tenants.orgs.connection import owner, owner_in
from tenants.orgs.migrating import is_newer, migration_key
from tenants.orgs.models import SpareSchema, TemplateSnapshot, Tenant
from tenants.orgs.removal import drop_schema
from tenants.orgs.types import TEMPLATE_SCHEMA

#: How long sign-ups are remembered as a sign of more, and how many spares that makes at most.
BURST = timedelta(minutes=10)
MOST_SPARES = 50
LOCK = "SELECT pg_advisory_lock(hashtext('portcullis'), hashtext('migrate'))"
TAKE_SPARE = """
    DELETE FROM public.orgs_spareschema WHERE schema_name = (
        SELECT schema_name FROM public.orgs_spareschema WHERE key = %s
         ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING schema_name
"""
UNLOCK = "SELECT pg_advisory_unlock(hashtext('portcullis'), hashtext('migrate'))"


def new_schema_name() -> str:
    """Return a random schema (and role) name; never made from what a user typed."""
    return f"t_{secrets.token_hex(8)}"


def migrate_schema(schema: str) -> int:
    """Bring one schema (`public` or a tenant's) to the code's state; return how many migrations ran."""
    with owner_in(schema) as connection:
        MigrationRecorder(connection).ensure_schema()
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            executor.migrate(executor.loader.graph.leaf_nodes(), plan=plan)
        return len(plan)


def migrate_platform() -> None:
    """Close `public`, migrate it, then the template, and store the template's text."""
    connection = owner()
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        try:
            cursor.execute(close_public(connection.settings_dict["NAME"]))
            migrate_schema("public")
            make_empty_schema(TEMPLATE_SCHEMA)
            if migrate_schema(TEMPLATE_SCHEMA) or not _snapshots().filter(key=migration_key()).exists():
                _store_template()
        finally:
            cursor.execute(UNLOCK)


def make_empty_schema(schema: str) -> None:
    """Create a schema and its role unless they are there."""
    with transaction.atomic(using=OWNER), owner().cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NULL, to_regrole(%s) IS NULL", [schema, schema])
        no_schema, no_role = cursor.fetchone()
        if no_schema:
            cursor.execute(create_tenant_schema(schema, new_role=no_role))


def take_schema() -> str:
    """Return a migrated schema with its role, in the caller's transaction: a spare one, else one made now."""
    with owner().cursor() as cursor:
        cursor.execute(TAKE_SPARE, [migration_key()])
        taken = cursor.fetchone()
    if taken is not None:
        return str(taken[0])
    schema = new_schema_name()
    make_tenant_schema(schema)
    return schema


def spares_wanted(least: int) -> int:
    """Return how many spare schemas there should be: as many as were taken of late, for the burst may go on."""
    if not least:
        return 0
    since = timezone.now() - BURST
    of_late: int = Tenant.objects.using(OWNER).filter(created_at__gt=since).count()
    return max(least, min(MOST_SPARES, of_late))


def fill_spares(wanted: int, most: int | None = None) -> int:
    """Make spare schemas until there are so many, drop those of other states; return how many were made, `most` at once."""
    spares: Any = SpareSchema.objects.using(OWNER)
    # Not at once: while two versions run side by side, each needs its own.
    old = timezone.now() - timedelta(minutes=10)
    for stale in list(spares.filter(created_at__lt=old).exclude(key=migration_key())):
        with transaction.atomic(using=OWNER):
            if spares.filter(schema_name=stale.schema_name).select_for_update(skip_locked=True).exists():
                drop_schema(stale.schema_name)
                spares.filter(schema_name=stale.schema_name).delete()
    made = 0
    while spares.count() < wanted and made != most:
        with transaction.atomic(using=OWNER):
            schema = new_schema_name()
            make_tenant_schema(schema)
            spares.create(schema_name=schema, key=migration_key())
        made += 1
    return made


def make_tenant_schema(schema: str) -> None:
    """Create a migrated schema and role from the stored template text, in the caller's transaction."""
    snapshot = _snapshots().filter(key=migration_key()).values_list("sql", flat=True).first()
    if snapshot is None:
        raise Unavailable(
            "not-migrated",
            "The database is behind this version: run `manage.py migrate_all`. Nothing was made.",
        )
    connection = owner()
    with connection.cursor() as cursor:
        cursor.execute(create_tenant_schema(schema, with_schema=False))
        # The driver's own cursor: the text is not a format string.
        cursor.cursor.execute(cast(Any, snapshot.replace(TEMPLATE_SCHEMA, schema)))
        connection.forget_session()


def dump_template() -> str:
    """Return SQL that recreates the template schema with rows and rights (pg_dump, owner connection)."""
    session = libpq(owner().get_connection_params())
    password = session.pop("password", None)
    command = [
        str(program("pg_dump")),
        *("--schema", TEMPLATE_SCHEMA, "--inserts", "--rows-per-insert", "500"),
        *("--no-comments", "--no-owner"),
        *("--dbname", make_conninfo("", **session)),
    ]
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable("dump-failed", f"pg_dump failed, no template was stored: {done.stderr.strip()}")
    # psql's own commands (`\restrict`) and comments are not SQL for the server.
    kept = (line for line in done.stdout.splitlines() if not line.startswith(("\\", "--")) and line)
    return "\n".join(kept)


def _snapshots() -> Any:
    return TemplateSnapshot.objects.using(OWNER)


def _store_template() -> None:
    """Keep the template's text for this version, unless a newer version has migrated the template already."""
    with owner_in(TEMPLATE_SCHEMA) as connection:
        newer = is_newer(MigrationLoader(connection))
    if not newer:
        _snapshots().update_or_create(key=migration_key(), defaults={"sql": dump_template()})
