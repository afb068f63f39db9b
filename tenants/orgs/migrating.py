"""Migrate many tenant schemas: the history is worked out once, then applied to each schema in turn.

Django's executor reads the migrations from disk and rebuilds every model's state for each schema, which takes seconds;
here schemas with the same history share one plan. Each migration commits together with its own record and the tenant's
version, so a run may be killed at any point and started again.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

import psycopg
import structlog
from django.db import router, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddField,
    AddIndex,
    AlterModelManagers,
    AlterModelOptions,
    CreateModel,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED

from tenants.isolation.context import SCHEMA_NAME
from tenants.isolation.routers import OWNER
from tenants.orgs.connection import owner, owner_in
from tenants.orgs.types import TEMPLATE_SCHEMA

log = structlog.get_logger(__name__)
#: What waits for a lock keeps everybody else waiting behind it; so give up soon and come back later.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '3s'"
ATTEMPTS = 3
CHUNK = 200
KEPT_STATES = 20
#: Apps that were taken out of the product: what tenants once ran of them does not make them newer than the code.
REMOVED_APPS: frozenset[str] = frozenset()
VERSION_READ = "SELECT schema_key, schema_serves::text FROM public.orgs_tenant WHERE schema_name = %s"
VERSION_BACK = (
    "UPDATE public.orgs_tenant SET schema_key = %s, schema_serves = %s::jsonb WHERE schema_name = %s"
)
VERSION = (
    "UPDATE public.orgs_tenant SET schema_key = %s, schema_serves = %s::jsonb, schema_problem = ''"
    " WHERE schema_name = %s"
)
HISTORY = (
    "SELECT '{0}', coalesce((SELECT md5(string_agg(app || '.' || name, ',' ORDER BY app, name))"
    " FROM \"{0}\".django_migrations), '') WHERE to_regclass('\"{0}\".django_migrations') IS NOT NULL"
)


class Newer(Exception):
    """The schema has run migrations this version of the code does not know."""


@lru_cache(maxsize=1)
def migration_key() -> str:
    """Return a hash of every migration the code knows: the state a schema must be in."""
    nodes = MigrationLoader(None).graph.nodes
    return sha256("\n".join(sorted(f"{app}.{name}" for app, name in nodes)).encode()).hexdigest()


def is_newer(loader: MigrationLoader) -> bool:
    """Tell whether the loader's schema has run migrations this code does not know."""
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known.update((app, name) for app, name in migration.replaces)
    return any(node not in known and node[0] not in REMOVED_APPS for node in loader.applied_migrations)


@dataclass(frozen=True, slots=True)
class Step:
    """One migration with the models before and after each of its operations.

    `additive`: code of before it can go on using the schema (nothing it reads or writes was changed).
    """

    migration: Migration
    operations: tuple[tuple[Operation, ProjectState, ProjectState], ...]
    additive: bool


@dataclass(slots=True)
class Outcome:
    """What a run did: schemas migrated, schemas that failed with the reason, schemas newer than the code."""

    migrated: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    newer: list[str] = field(default_factory=list)


def histories(schemas: Iterable[str]) -> dict[str, str]:
    """Return for each schema that exists a digest of the migrations it has run."""
    names = [name for name in schemas if SCHEMA_NAME.match(name)]
    found: dict[str, str] = {}
    with owner().cursor() as cursor:
        for at in range(0, len(names), CHUNK):
            present = _existing(cursor, names[at : at + CHUNK])
            if present:
                cursor.execute(" UNION ALL ".join(HISTORY.format(name) for name in present))
                found |= dict(cursor.fetchall())
    return found


def behind(schemas: Iterable[str]) -> list[str]:
    """Return those schemas whose history is not the template's."""
    names = list(schemas)
    known = histories([TEMPLATE_SCHEMA, *names])
    return [name for name in names if known.get(name) != known[TEMPLATE_SCHEMA]]


def migrate_schemas(
    schemas: Sequence[str], progress: Callable[[str, str], None] = lambda schema, outcome: None
) -> Outcome:
    """Bring every schema to the code's state; one that fails is noted and the others go on.

    A schema whose tables are in use is tried three times, after the others.
    """
    outcome, todo = Outcome(), list(schemas)
    for attempt in range(1, ATTEMPTS + 1):
        busy: list[str] = []
        for group in _alike(todo):
            busy += _migrate_group(group, outcome, progress)
        todo = busy
        log.info("migration pass ended", attempt=attempt, busy=len(busy))
        if not todo:
            break
    for schema in todo:
        outcome.failed[schema] = "Its tables stayed in use; nothing was changed."
        progress(schema, outcome.failed[schema])
    return outcome


def _migrate_group(group: list[str], outcome: Outcome, progress: Callable[[str, str], None]) -> list[str]:
    """Migrate schemas of the same history; return those that were in use."""
    busy: list[str] = []
    try:
        plan = Plan(group[0])
    except Newer:
        outcome.newer += group
        return []
    except Exception as error:
        log.exception("no plan for these schemas", first=group[0], schemas=len(group))
        outcome.failed |= dict.fromkeys(group, explain(error))
        return []
    for schema in group:
        try:
            plan.apply(schema)
        except Exception as error:
            if getattr(error.__cause__, "sqlstate", "") == "55P03":
                busy.append(schema)
                continue
            reason = explain(error)
            log.warning("migration failed", schema=schema, reason=reason)
            outcome.failed[schema] = reason
            progress(schema, reason)
        else:
            outcome.migrated.append(schema)
            progress(schema, "")
    return busy


class Plan:
    """What schemas with the history of one schema still have to run."""

    def __init__(self, schema: str) -> None:
        with owner_in(schema) as connection:
            self.executor: Any = MigrationExecutor(connection)
            self.executor.recorder.ensure_schema()
            loader = self.executor.loader
            if is_newer(loader):
                raise Newer(schema)
            loader.check_consistent_history(connection)
            migrations = self.executor.migration_plan(loader.graph.leaf_nodes())
            self.steps = list(_steps(self.executor, [migration for migration, _ in migrations]))
        self.additive = all(step.additive for step in self.steps)

    def apply(self, schema: str) -> None:
        """Run what is left in this schema; each migration is whole with its record, or not there.

        From the first change that earlier code cannot live with until the last, no version may use the schema.
        """
        with owner_in(schema) as connection, connection.cursor() as cursor:
            if not self.steps:
                self._note_version(cursor, schema)
            done, version = 0, None if self.additive else self._unusable(cursor, schema)
            try:
                for at, step in enumerate(self.steps, start=1):
                    with connection.schema_editor(atomic=step.migration.atomic) as editor:
                        self._run(step, editor)
                        self.executor.record_migration(step.migration)
                        if at == len(self.steps):
                            self._note_version(cursor, schema)
                    done = at
            except Exception:
                if version is not None and not done and self.steps[0].migration.atomic:
                    cursor.execute(VERSION_BACK, [*version, schema])
                raise

    @staticmethod
    def _unusable(cursor: Any, schema: str) -> tuple[str, str] | None:
        """Say that no version can use the schema; return what was said before."""
        cursor.execute(VERSION_READ, [schema])
        row: tuple[str, str] | None = cursor.fetchone()
        cursor.execute(VERSION_BACK, ["", "[]", schema])
        return row

    @staticmethod
    def _run(step: Step, editor: Any) -> None:
        migration = step.migration
        if editor.atomic_migration:
            editor.execute(LOCK_TIMEOUT)
        for operation, before, after in step.operations:
            atomic = operation.atomic or (migration.atomic and operation.atomic is not False)
            if not editor.atomic_migration and atomic:
                with transaction.atomic(using=OWNER):
                    operation.database_forwards(migration.app_label, editor, before, after)
            else:
                operation.database_forwards(migration.app_label, editor, before, after)
        for statement in editor.deferred_sql:
            editor.execute(statement, None)
        editor.deferred_sql.clear()

    def _note_version(self, cursor: Any, schema: str) -> None:
        """Say in the tenant's row which code can use the schema now."""
        cursor.execute(VERSION_READ, [schema])
        row = cursor.fetchone()
        if row is None or row[0] == migration_key():
            return
        earlier = [*json.loads(row[1]), row[0]] if self.additive and row[0] else []
        kept = [key for key in earlier if key != migration_key()][-KEPT_STATES:]
        cursor.execute(VERSION, [migration_key(), json.dumps(kept), schema])


def explain(error: BaseException) -> str:
    """Return what went wrong without any value of a row (PostgreSQL puts those into the detail)."""
    cause = error.__cause__ if isinstance(error.__cause__, psycopg.Error) else None
    if cause is not None:
        return f"{type(cause).__name__}: {cause.diag.message_primary or 'the connection was lost'}"
    return type(error).__name__


def _existing(cursor: Any, names: list[str]) -> list[str]:
    cursor.execute(
        "SELECT n.nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid"
        " WHERE n.nspname = ANY(%s) AND c.relname = 'django_migrations'",
        [names],
    )
    return [row[0] for row in cursor.fetchall()]


def _alike(schemas: list[str]) -> list[list[str]]:
    """Group schemas of the same history, in the order given."""
    known = histories(schemas)
    groups: dict[str, list[str]] = defaultdict(list)
    for schema in schemas:
        groups[known.get(schema, "")].append(schema)
    return list(groups.values())


def _steps(executor: MigrationExecutor, plan: Sequence[Migration]) -> Iterator[Step]:
    if not plan:
        return
    state = ProjectState(real_apps=executor.loader.unmigrated_apps)
    whole = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    for migration, _ in whole:
        if (migration.app_label, migration.name) in executor.loader.applied_migrations:
            migration.mutate_state(state, preserve=False)
    state.apps  # noqa: B018  # rendered once; each clone below only renders what its operation changes
    for migration in plan:
        operations = []
        for operation in migration.operations:
            before, state = state, state.clone()
            operation.state_forwards(migration.app_label, state)
            operations.append((operation, before, state))
        yield Step(migration, tuple(operations), _is_additive(migration))


def _is_additive(migration: Migration) -> bool:
    """Tell whether code that does not know the migration can go on; its author may say so by `serves_previous`."""
    said = getattr(migration, "serves_previous", None)
    if said is not None:
        return bool(said)
    if not router.allow_migrate(OWNER, migration.app_label):
        return True
    return all(_adds_only(operation) for operation in migration.operations)


def _adds_only(operation: Operation) -> bool:
    if isinstance(operation, AddField):
        added = operation.field
        return bool(added.null or added.many_to_many or added.db_default is not NOT_PROVIDED)
    return isinstance(operation, (CreateModel, AddIndex, AlterModelOptions, AlterModelManagers))
