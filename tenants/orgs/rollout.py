"""Bring all tenants to the code's state, and say in each tenant's row how that went."""

from collections.abc import Callable
from typing import Any

from tenants.isolation.routers import OWNER
from tenants.orgs.connection import owner
from tenants.orgs.migrating import Outcome, behind, migrate_schemas, migration_key
from tenants.orgs.models import Tenant
from tenants.orgs.queries import all_tenants, forget

ONE_AT_A_TIME = "SELECT pg_advisory_lock(hashtext('portcullis'), hashtext('roll-out'))"
DONE = "SELECT pg_advisory_unlock(hashtext('portcullis'), hashtext('roll-out'))"
ROUNDS = 3


def roll_out(progress: Callable[[str, str], None] = lambda schema, problem: None) -> Outcome:
    """Migrate every tenant that is behind; a second run waits for the first.

    Tenants made meanwhile by processes of the old version are found in a further round.
    """
    outcome = Outcome()
    with owner().cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME)
        try:
            for _ in range(ROUNDS):
                todo = [schema for schema in pending() if schema not in {*outcome.failed, *outcome.newer}]
                if not todo:
                    break
                done = migrate_schemas(todo, progress)
                outcome.migrated += done.migrated
                outcome.newer += done.newer
                outcome.failed |= done.failed
                _note(done)
        finally:
            cursor.execute(DONE)
            forget()
    return outcome


def pending() -> list[str]:
    """Return the schemas of tenants whose history or recorded version is not the code's."""
    orgs = all_tenants(status=None)
    late = set(behind(org.schema_name for org in orgs))
    return [org.schema_name for org in orgs if org.schema_name in late or org.schema_key != migration_key()]


def _note(done: Outcome) -> None:
    tenants: Any = Tenant.objects.using(OWNER)
    for schema, reason in done.failed.items():
        tenants.filter(schema_name=schema).update(schema_problem=reason[:2000])
