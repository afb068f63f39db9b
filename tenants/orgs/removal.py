"""Remove tenants for good: schema, role, files, queued messages, cached keys; and what crashes left half made."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, InternalError, transaction
from django.utils import timezone

from tenants.isolation.context import SCHEMA_NAME, TenantRef, no_tenant, tenant_context
from tenants.isolation.routers import OWNER
from tenants.jobs.services import discover
from tenants.orgs.connection import owner
from tenants.orgs.models import PlatformEntry, Tenant
from tenants.orgs.queries import forget
from tenants.orgs.record import note
from tenants.orgs.types import TEMPLATE_SCHEMA, Status
from tenants.vault.services import forget_keys

log = structlog.get_logger(__name__)
Farewell = Callable[[], list[str]]
UNFINISHED_AFTER = timedelta(hours=1)
#: How long a due deletion waits for what still stands in a customer's systems.
PATIENCE = timedelta(hours=72)
#: A job that was running may write a file after the folder went; the folder is looked at again for so long.
SECOND_LOOK = timedelta(hours=24)
_farewells: list[Farewell] = []


def before_deletion(farewell: Farewell) -> Farewell:
    """Ask this function, in the tenant and on each sweep, before a due deletion.

    It takes back what the product left in the customer's systems and returns what still stands there, as
    sentences; the deletion waits for it to be empty, at most `PATIENCE`.
    """
    _farewells.append(farewell)
    return farewell


def sweep(now: datetime | None = None) -> list[str]:
    """Go on with every deletion and remove what was left half made; return the ids of removed tenants.

    A tenant is marked first and removed by the next sweep, when no process serves it from its copy any more.
    """
    at = now or timezone.now()
    removed = []
    with no_tenant():
        tenants: Any = Tenant.objects.using(OWNER)
        stuck = tenants.filter(status=Status.CREATING, created_at__lt=at - UNFINISHED_AFTER)
        for tenant in [*tenants.filter(status=Status.DELETING), *stuck]:
            try:
                remove(tenant)
                removed.append(tenant.id)
            except DatabaseError:
                log.exception("tenant not removed yet; trying again", tenant=tenant.schema_name)
        for tenant in tenants.filter(delete_after__lte=at).exclude(status=Status.DELETING):
            _close(tenant, at)
        _look_again(at)
    return removed


def remove(tenant: Tenant) -> None:
    """Remove everything a tenant has and note it in the platform's record; safe to repeat after a crash."""
    schema = str(tenant.schema_name)
    began = tenant.status != Status.CREATING
    with owner().cursor() as cursor:
        cursor.execute("DELETE FROM jobs.queue WHERE tenant::text = %s", [schema])
        messages = cursor.rowcount
    tables = drop_schema(schema)
    files = remove_files(schema)
    forget_keys()
    with transaction.atomic(using=OWNER):
        action = "tenant.deleted" if began else "tenant.unfinished"
        note(action, tenant.id, schema, tables=tables, files=files, messages=messages)
        Tenant.objects.using(OWNER).filter(id=tenant.id)._raw_delete(OWNER)
    forget()
    log.info("tenant removed", schema=schema, tables=tables, files=files, messages=messages)


def drop_schema(schema: str) -> int:
    """Remove a tenant's schema, everything in it, and its role; return how many tables there were."""
    if not SCHEMA_NAME.match(schema) or schema == TEMPLATE_SCHEMA:
        raise ValueError(f"{schema!r} is not a tenant's schema")
    with transaction.atomic(using=OWNER), owner().cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '15s'")
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [schema])
        tables = int(cursor.fetchone()[0])
        cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        try:
            with transaction.atomic(using=OWNER):
                cursor.execute(f'DROP ROLE IF EXISTS "{schema}"')
        except InternalError:
            # Another database of this server (a copy) still gives the role rights; it cannot log in.
            log.warning("role kept", role=schema)
    return tables


def remove_files(schema: str) -> int:
    """Remove a tenant's folder; return how many files it had."""
    if not SCHEMA_NAME.match(schema):
        raise ValueError(f"{schema!r} is not a tenant's schema")
    folder = Path(settings.DATA_DIR) / "tenants" / schema
    count = sum(1 for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else 0
    shutil.rmtree(folder, ignore_errors=True)
    return count


def _close(tenant: Tenant, at: datetime) -> None:
    """Mark a due tenant for removal, unless something of it still stands elsewhere."""
    discover()  # who takes leave says so where its jobs are
    left: list[str] = []
    if tenant.status == Status.ACTIVE:
        with tenant_context(TenantRef(tenant.schema_name, tenant.slug, tenant.name)):
            for farewell in _farewells:
                try:
                    left += farewell()
                except Exception as error:
                    log.exception("could not take leave", tenant=tenant.schema_name)
                    left.append(f"{farewell.__name__} failed: {type(error).__name__}")
    if left and tenant.delete_after is not None and at < tenant.delete_after + PATIENCE:
        log.warning("deletion waits", tenant=tenant.schema_name, left=left)
        return
    if left:
        note("tenant.left-behind", tenant.id, tenant.schema_name, things=len(left))
    Tenant.objects.using(OWNER).filter(id=tenant.id).update(status=Status.DELETING)
    note("tenant.closed", tenant.id, tenant.schema_name)
    forget()


def _look_again(at: datetime) -> None:
    entries: Any = PlatformEntry.objects.using(OWNER)
    for schema in entries.filter(action="tenant.deleted", at__gt=at - SECOND_LOOK).values_list(
        "schema_name", flat=True
    ):
        if remove_files(schema):
            log.warning("files written after the deletion were removed", schema=schema)
