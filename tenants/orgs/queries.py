"""Reads about tenants, always on the shared tables, whatever tenant is entered."""

import time
from collections.abc import Callable

from django.conf import settings
from django.db import IntegrityError, ProgrammingError

from tenants.errors import NotFound, Unavailable
from tenants.isolation.context import current_tenant, no_tenant
from tenants.orgs.migrating import migration_key
from tenants.orgs.models import Tenant
from tenants.orgs.types import OrgInfo, Status, Version

CACHE_SECONDS = 5.0
UPGRADING = Unavailable(
    "workspace-upgrading",
    "This workspace is being moved to another version. Nothing was changed; try again in half a minute.",
    retry_after=30,
)
_by_host: dict[str, tuple[float, OrgInfo | None]] = {}
_by_schema: dict[str, tuple[float, OrgInfo | None]] = {}


def forget() -> None:
    """Drop this process's copies; others notice a change within CACHE_SECONDS."""
    _by_host.clear()
    _by_schema.clear()


def by_host(host: str) -> OrgInfo | None:
    """Return the tenant served under this host name (no port), or None."""
    return _cached(_by_host, host, _find_host)


def by_schema(schema_name: str) -> OrgInfo | None:
    """Return the tenant of this schema, or None."""
    return _cached(_by_schema, schema_name, lambda name: Tenant.objects.filter(schema_name=name).first())


def by_slug(slug: str, status: Status | None = None) -> OrgInfo:
    """Return the tenant with this slug (and status, when given); raises NotFound."""
    with no_tenant():
        tenants = Tenant.objects.filter(slug=slug)
        tenant = (tenants.filter(status=status) if status else tenants).first()
    if tenant is None:
        raise NotFound("no-such-tenant", f"There is no tenant {slug!r}.")
    return info(tenant)


def all_tenants(status: Status | None = Status.ACTIVE) -> list[OrgInfo]:
    """Return tenants in order of creation; `None` for every status."""
    with no_tenant():
        tenants = Tenant.objects.order_by("id")
        return [info(tenant) for tenant in (tenants.filter(status=status) if status else tenants)]


def versions() -> list[Version]:
    """Return which state each tenant's schema is in, seen from this version of the code."""
    with no_tenant():
        return [
            Version(
                tenant.slug,
                tenant.schema_name,
                "current"
                if tenant.schema_key == migration_key()
                else "usable"
                if usable(info(tenant))
                else "other",
                tenant.schema_problem,
            )
            for tenant in Tenant.objects.order_by("id")
        ]


def of_another_version(error: BaseException) -> bool:
    """Tell whether a failed statement is explained by tables of another version than this code's."""
    tenant = current_tenant()
    if tenant is None or not isinstance(error, (ProgrammingError, IntegrityError)):
        return False
    org = fresh(tenant.schema_name)
    return org is not None and org.schema_key != migration_key()


def usable(org: OrgInfo) -> bool:
    """Tell whether this version of the code can use the tenant's tables as they are."""
    return org.usable_by(migration_key())


def fresh(schema_name: str) -> OrgInfo | None:
    """Return the tenant of this schema as it is now, past the copies of this process."""
    with no_tenant():
        tenant = Tenant.objects.filter(schema_name=schema_name).first()
    return info(tenant) if tenant is not None else None


def url_of(org: OrgInfo, scheme: str, port: str = "") -> str:
    """Return the address of the tenant's workspace, e.g. https://acme.example.com."""
    return f"{scheme}://{org.slug}.{settings.BASE_DOMAIN}{':' + port if port else ''}"


def info(tenant: Tenant) -> OrgInfo:
    """Return the value others may hold."""
    return OrgInfo(
        tenant.id,
        tenant.schema_name,
        tenant.slug,
        tenant.name,
        Status(tenant.status),
        tenant.schema_key,
        frozenset(tenant.schema_serves),
        tenant.delete_after,
    )


def _find_host(host: str) -> Tenant | None:
    label, _, rest = host.partition(".")
    if rest == settings.BASE_DOMAIN:
        wanted = {"slug": label}
    else:
        wanted = {"domains__domain": host}
    found: Tenant | None = Tenant.objects.filter(**wanted).first()
    return found


def _cached(
    cache: dict[str, tuple[float, OrgInfo | None]], key: str, find: Callable[[str], Tenant | None]
) -> OrgInfo | None:
    known = cache.get(key)
    if known is not None and time.monotonic() - known[0] < CACHE_SECONDS:
        return known[1]
    with no_tenant():
        tenant = find(key)
    found = info(tenant) if tenant is not None else None
    if len(cache) > 10_000:
        cache.clear()
    cache[key] = (time.monotonic(), found)
    return found
