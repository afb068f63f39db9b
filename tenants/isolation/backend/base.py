"""PostgreSQL backend that puts every statement behind two locks.

Before a statement runs, the session's search path *and* its role are made those of the entered tenant,
in one statement. If that fails, the error is raised and the connection is dropped: no statement ever runs
in a tenant the code did not ask for. django-tenants 4.0.1 swallows that failure (see docs/decisions).
"""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from django.db import InternalError, OperationalError
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from django_tenants.postgresql_backend import base

from tenants.isolation.context import SCHEMA_NAME, current_tenant
from tenants.isolation.credentials import fresh_password

SWITCH: Final = (
    "SELECT set_config('search_path', %s, false), set_config('role', %s, false), to_regnamespace(%s)::text"
)
UNKNOWN: Final = "?"
PUBLIC: Final = "public"
# Command tags of statements that can change what the session is behind our back: by SET itself, or by undoing a
# switch made since BEGIN. A failed COMMIT answers ROLLBACK, too.
CHANGES_SESSION: Final = frozenset({"SET", "RESET", "DISCARD", "ROLLBACK", "DO", "CALL"})


class TenantUnavailable(OperationalError):
    """The session could not be moved to the asked tenant; the connection was dropped, nothing ran."""


class _Guarded:
    """Cursor behaviour: make the session the entered tenant's before each statement, and look at each answer's tag."""

    db: Any
    cursor: Any

    def _ready(self) -> None:
        self.db.validate_no_broken_transaction()
        self.db.apply_tenant()

    def _heed(self) -> None:
        tag = (self.cursor.statusmessage or "").partition(" ")[0]
        if tag in CHANGES_SESSION:
            self.db.forget_session()

    def _execute(self, sql: str, params: Any, *ignored: Any) -> Any:
        self._ready()
        answer = super()._execute(sql, params, *ignored)  # type: ignore[misc]
        self._heed()
        return answer

    def _executemany(self, sql: str, param_list: Any, *ignored: Any) -> Any:
        self._ready()
        answer = super()._executemany(sql, param_list, *ignored)  # type: ignore[misc]
        self._heed()
        return answer

    def callproc(self, procname: str, params: Any = None, kparams: Any = None) -> Any:
        """Call a stored procedure in the entered tenant."""
        self._ready()
        answer = super().callproc(procname, params, kparams)  # type: ignore[misc]
        self.db.forget_session()
        return answer

    def __getattr__(self, attr: str) -> Any:
        if attr in ("copy", "stream"):
            self._ready()
        return super().__getattr__(attr)  # type: ignore[misc]


class GuardedCursor(_Guarded, CursorWrapper):
    """Cursor of the product."""


class GuardedDebugCursor(_Guarded, CursorDebugWrapper):
    """The same while Django logs queries."""


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    """Connection that follows `tenants.isolation.context`."""

    include_public_schema = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._applied = UNKNOWN
        super().__init__(*args, **kwargs)

    # What the session must be -----------------------------------------------------------------

    def wanted_schema(self) -> str:
        """Schema the next statement must run in: the entered tenant's, else `public`."""
        ref = current_tenant()
        return ref.schema_name if ref is not None else PUBLIC

    def wanted_role(self, schema: str) -> str:
        """Role the next statement must run as: the tenant's own; outside tenants the login role."""
        return "none" if schema == PUBLIC else schema

    def apply_tenant(self) -> None:
        """Move the session to the entered tenant if it is not there; raise and drop it when that fails."""
        schema = self.wanted_schema()
        if schema == self._applied:
            return
        if schema != PUBLIC and not SCHEMA_NAME.match(schema):
            raise InternalError(f"{schema!r} is not the name of a tenant schema; nothing was run.")
        expected = (schema, self.wanted_role(schema), schema)
        self._applied = UNKNOWN
        try:
            with self.wrap_database_errors:
                answer = self._switch(expected)
        except BaseException:
            self.close()
            raise
        if answer != expected:
            self.close()
            raise TenantUnavailable(f"Schema {schema} does not exist; nothing was run.")
        self._applied = schema

    def _switch(self, wanted: tuple[str, str, str]) -> tuple[Any, ...] | None:
        """Issue the one switching statement and return what the server says it is now."""
        connection: psycopg.Connection[tuple[Any, ...]] = self.connection
        with connection.cursor() as cursor:
            cursor.execute(SWITCH, wanted)
            return cursor.fetchone()

    def forget_session(self) -> None:
        """Say that the session was changed behind our back; the next statement sets it again."""
        self._applied = UNKNOWN

    # Opening a session ----------------------------------------------------------------------------

    def get_connection_params(self) -> dict[str, Any]:
        """Return libpq's parameters, with a password of this moment when a command says it."""
        parameters: dict[str, Any] = super().get_connection_params()
        command = self.settings_dict.get("PASSWORD_COMMAND")
        if command:
            parameters["password"] = fresh_password(command, parameters)
        return parameters

    # When what the session is becomes unknown ---------------------------------------------------

    def connect(self) -> None:
        """Open a session; nothing is known about it yet."""
        self._applied = UNKNOWN
        super().connect()

    def close(self) -> None:
        """Close the session."""
        self._applied = UNKNOWN
        super().close()

    def rollback(self) -> None:
        """Roll back; a switch made in the transaction is undone with it."""
        self._applied = UNKNOWN
        super().rollback()

    def _commit(self) -> Any:
        try:
            return super()._commit()
        except BaseException:
            self._applied = UNKNOWN
            raise

    def _savepoint_rollback(self, sid: str) -> None:
        # By the driver, not by a guarded cursor: in a failed transaction only ROLLBACK TO is accepted, no switch.
        self._applied = UNKNOWN
        self.ensure_connection()
        with self.wrap_database_errors:
            self.connection.execute(self.ops.savepoint_rollback_sql(sid))

    # django-tenants' own entrances -----------------------------------------------------------------

    def set_tenant(self, tenant: Any, include_public: bool = False) -> None:
        """Refuse every entrance but `tenant_context` (django-tenants calls this with `public`)."""
        if tenant.schema_name != PUBLIC:
            raise InternalError("Enter tenants by tenants.isolation.context.tenant_context only.")
        self.tenant = tenant
        self.schema_name = PUBLIC
        self.set_settings_schema(PUBLIC)

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Nothing here: the search path is applied before each statement, not when a cursor opens."""

    def make_cursor(self, cursor: Any) -> GuardedCursor:
        """Wrap a driver cursor so that it follows the tenant."""
        return GuardedCursor(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> GuardedDebugCursor:
        """Wrap a driver cursor so that it follows the tenant and is logged."""
        return GuardedDebugCursor(cursor, self)

    def chunked_cursor(self) -> Any:
        """Open a server-side cursor (the session is switched when it executes)."""
        return super().chunked_cursor()

    def _get_cursor_search_paths(self) -> Sequence[str]:
        return [self.wanted_schema()]
