"""Runs one job inside the tenant the queue stamped on its message."""

import time
from collections.abc import Sequence

import structlog

from tenants.audit.actors import Actor, actor_scope
from tenants.isolation.context import TenantRef, tenant_context
from tenants.jobs.services import declared_jobs
from tenants.orgs.queries import by_schema, usable
from tenants.orgs.types import Status

log = structlog.get_logger(__name__)


class Postponed(Exception):
    """The tenant is suspended or not ready; the job waits and does not count as failed."""


def perform(name: str, args: Sequence[str | int], schema: str) -> None:
    """Run the job in its tenant; jobs of a deleted tenant are dropped.

    `schema` is what the database stamped, never what the message says.
    """
    org = by_schema(schema)
    if org is None or org.status is Status.DELETING:
        log.warning("job of a deleted tenant dropped", job=name, schema=schema)
        return
    if org.status is not Status.ACTIVE:
        raise Postponed(f"Tenant {org.slug} is {org.status}.")
    if not usable(org):
        raise Postponed(f"The tables of tenant {org.slug} are of another version.")
    declared = declared_jobs()[name]
    with (
        tenant_context(TenantRef(org.schema_name, org.slug, org.name)),
        actor_scope(Actor("job", name, name)),
    ):
        began = time.perf_counter()
        declared(*args)
        log.info("job done", job=name, milliseconds=round((time.perf_counter() - began) * 1000, 1))
