"""Schemas of tenants, made and migrated on the owner connection.

A template schema is migrated by Django and dumped once per state of the migrations; a new tenant is that
text with the name replaced, run in one statement batch.
"""

import hashlib
import os
import secrets
import subprocess
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast

import structlog
from django.db import InternalError, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tenants.errors import Unavailable
from tenants.isolation.context import SCHEMA_NAME
from tenants.isolation.postgres.binaries import program
from tenants.isolation.roles import close_public, create_tenant_schema
from tenants.isolation.routers import OWNER
from tenants.orgs.models import TemplateSnapshot
from tenants.orgs.types import TEMPLATE_SCHEMA

log = structlog.get_logger(__name__)
LOCK = "SELECT pg_advisory_lock(hashtext('portcullis'), hashtext('migrate'))"
UNLOCK = "SELECT pg_advisory_unlock(hashtext('portcullis'), hashtext('migrate'))"


def new_schema_name() -> str:
    """Return a random schema (and role) name; never made from what a user typed."""
    return f"t_{secrets.token_hex(8)}"


def owner() -> Any:
    """Return the owner connection."""
    return connections[OWNER]


@lru_cache(maxsize=1)
def migration_key() -> str:
    """Return a hash of every migration the code knows: the state a schema must be in."""
    nodes = MigrationLoader(None).graph.nodes
    return hashlib.sha256("\n".join(sorted(f"{app}.{name}" for app, name in nodes)).encode()).hexdigest()


def migrate_schema(schema: str) -> int:
    """Bring one schema (`public` or a tenant's) to the code's state; return how many migrations ran."""
    connection = owner()
    connection.set_schema(schema)
    try:
        MigrationRecorder(connection).ensure_schema()
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            executor.migrate(executor.loader.graph.leaf_nodes(), plan=plan)
        return len(plan)
    finally:
        connection.set_schema_to_public()


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
                _snapshots().update_or_create(key=migration_key(), defaults={"sql": dump_template()})
        finally:
            cursor.execute(UNLOCK)


def behind(schemas: Iterable[str]) -> list[str]:
    """Return those tenant schemas that have not run every migration, by one query over all of them."""
    names = [name for name in schemas if SCHEMA_NAME.match(name)]
    if not names:
        return []
    part = (
        "SELECT '{0}', coalesce((SELECT md5(string_agg(app || '.' || name, ',' ORDER BY app, name))"
        " FROM \"{0}\".django_migrations), '')"
    )
    with owner().cursor() as cursor:
        cursor.execute(" UNION ALL ".join(part.format(name) for name in [TEMPLATE_SCHEMA, *names]))
        states: dict[str, str] = dict(cursor.fetchall())
    return [name for name in names if states[name] != states[TEMPLATE_SCHEMA]]


def make_empty_schema(schema: str) -> None:
    """Create a schema and its role unless they are there."""
    with transaction.atomic(using=OWNER), owner().cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NULL, to_regrole(%s) IS NULL", [schema, schema])
        no_schema, no_role = cursor.fetchone()
        if no_schema:
            cursor.execute(create_tenant_schema(schema, new_role=no_role))


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


def drop_schema(schema: str) -> None:
    """Remove a tenant's schema, everything in it, and its role."""
    if not SCHEMA_NAME.match(schema) or schema == TEMPLATE_SCHEMA:
        raise ValueError(f"{schema!r} is not a tenant's schema")
    with transaction.atomic(using=OWNER), owner().cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        try:
            with transaction.atomic(using=OWNER):
                cursor.execute(f'DROP ROLE IF EXISTS "{schema}"')
        except InternalError:
            # Another database of this server (a copy) still gives the role rights; it cannot log in.
            log.warning("role kept", role=schema)


def dump_template() -> str:
    """Return SQL that recreates the template schema with rows and rights (pg_dump, owner connection)."""
    settings = owner().settings_dict
    command = [
        str(program("pg_dump")),
        *("--schema", TEMPLATE_SCHEMA, "--inserts", "--rows-per-insert", "500", "--no-comments"),
        *("--host", settings["HOST"] or "/var/run/postgresql", "--port", str(settings["PORT"] or 5432)),
        *("--username", settings["USER"], settings["NAME"]),
    ]
    environment = os.environ | {"PGPASSWORD": settings["PASSWORD"]}
    for option, variable in (("sslmode", "PGSSLMODE"), ("sslrootcert", "PGSSLROOTCERT")):
        if option in settings.get("OPTIONS", {}):
            environment[variable] = settings["OPTIONS"][option]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable("dump-failed", f"pg_dump failed, no template was stored: {done.stderr.strip()}")
    # psql's own commands (`\restrict`) and comments are not SQL for the server.
    kept = (line for line in done.stdout.splitlines() if not line.startswith(("\\", "--")) and line)
    return "\n".join(kept)


def _snapshots() -> Any:
    return TemplateSnapshot.objects.using(OWNER)
