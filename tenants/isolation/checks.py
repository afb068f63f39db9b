"""Start-up checks of the two locks: run by `serve`, `worker`, `scheduler` and `manage.py check --database default`."""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from tenants.isolation.routers import APP

SESSIONS = 4


@register(Tags.database)
def check_app_role(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse an app role that row and schema rights do not bind, and a pooler that mixes sessions."""
    if APP not in (databases or ()):
        return []
    connection = connections[APP]
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(**parameters, autocommit=True)

    return [*role_problems(connect), *pooler_problems(connect)]


def role_problems(connect: Callable[[], "psycopg.Connection[Any]"]) -> list[CheckMessage]:
    """Return an error when the login role is a superuser, bypasses row security or inherits roles."""
    with connect() as session:
        row = session.execute(
            "SELECT rolsuper, rolbypassrls, rolinherit, rolname FROM pg_roles WHERE rolname = session_user"
        ).fetchone()
    if row is None or row[0] or row[1]:
        return [
            _error("E001", "The app role is a superuser or bypasses row security: isolation would be void.")
        ]
    if row[2]:
        return [
            _error("E002", f"The app role {row[3]} inherits its tenants' rights: ALTER ROLE … NOINHERIT.")
        ]
    return []


def pooler_problems(connect: Callable[[], "psycopg.Connection[Any]"]) -> list[CheckMessage]:
    """Return an error when two open sessions share one server process: a transaction-mode pooler."""
    sessions = [connect() for _ in range(SESSIONS)]
    try:
        processes = []
        for session in sessions:
            row = session.execute("SELECT pg_backend_pid()").fetchone()
            processes.append(row[0] if row else None)
    finally:
        for session in sessions:
            session.close()
    if len(set(processes)) < SESSIONS:
        return [
            _error("E003", "A transaction-mode pooler is in the way: it mixes tenants. Use session mode.")
        ]
    return []


def _error(number: str, text: str) -> CheckMessage:
    return Error(text, id=f"isolation.{number}")
