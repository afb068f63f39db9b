"""Which tenant this thread of work belongs to.

One context variable is the single source of truth: the database backend, the file store, the logs and
the event store all read it. New threads start with none, so work that forgets to enter a tenant sees no
tenant table at all.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

import structlog

SCHEMA_NAME = re.compile(r"t_[0-9a-f]{16}\Z")


class TenantContextError(RuntimeError):
    """The code asked for a tenant it may not have here: none is entered, or another one is."""


class HasSchema(Protocol):
    """Anything that names a tenant: the model, a reference."""

    @property
    def schema_name(self) -> str:
        """Name of the tenant's schema and role."""
        ...


@dataclass(frozen=True, slots=True)
class TenantRef:
    """The tenant in words: schema (and role) name, slug (host label), display name."""

    schema_name: str
    slug: str = ""
    name: str = ""


_current: ContextVar[TenantRef | None] = ContextVar("portcullis_tenant", default=None)


def current_tenant() -> TenantRef | None:
    """Return the entered tenant, or None outside any tenant."""
    return _current.get()


def require_tenant() -> TenantRef:
    """Return the entered tenant; raise TenantContextError outside any tenant."""
    ref = _current.get()
    if ref is None:
        raise TenantContextError("No tenant is entered here; wrap the call in tenant_context(...).")
    return ref


def as_ref(tenant: HasSchema | str) -> TenantRef:
    """Turn a tenant model, a reference or a schema name into a checked reference."""
    if isinstance(tenant, TenantRef):
        ref = tenant
    elif isinstance(tenant, str):
        ref = TenantRef(tenant)
    else:
        ref = TenantRef(
            tenant.schema_name, str(getattr(tenant, "slug", "")), str(getattr(tenant, "name", ""))
        )
    if not SCHEMA_NAME.match(ref.schema_name):
        raise TenantContextError(f"{ref.schema_name!r} is not the name of a tenant schema.")
    return ref


@contextmanager
def tenant_context(tenant: HasSchema | str) -> Iterator[TenantRef]:
    """Enter a tenant for the block; always leaves. Entering another tenant inside one is refused."""
    ref = as_ref(tenant)
    outer = _current.get()
    if outer is not None and outer.schema_name != ref.schema_name:
        raise TenantContextError(
            f"Already inside tenant {outer.schema_name}; leave it before entering {ref.schema_name}."
        )
    with _bound(outer if outer is not None and outer.slug else ref):
        yield ref


@contextmanager
def no_tenant() -> Iterator[None]:
    """Leave the entered tenant for the block and return to it afterwards (platform tables only)."""
    with _bound(None):
        yield


@contextmanager
def _bound(ref: TenantRef | None) -> Iterator[None]:
    """Bind the variable and the log fields, and restore both whatever happens."""
    token = _current.set(ref)
    logs = structlog.contextvars.bind_contextvars(tenant=ref.schema_name if ref else None)
    try:
        yield
    finally:
        _current.reset(token)
        structlog.contextvars.reset_contextvars(**logs)
