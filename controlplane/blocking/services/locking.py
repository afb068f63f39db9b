"""One push per target at a time, without a transaction that stays open while a vendor answers.

A session lock of PostgreSQL ends with its connection, so a worker that dies leaves nothing locked. A worker whose
connection was replaced meanwhile no longer holds the lock: ``Lease.lost`` says so, and what it found is not stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError
from django.db import connection as database

from tenants.isolation.context import require_tenant

_TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 11)), pg_backend_pid()"
_FREE = "SELECT pg_advisory_unlock(hashtextextended(%s, 11))"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to push to one target. ``held`` is false when somebody else is pushing there now."""

    held: bool
    session: int

    def lost(self) -> bool:
        """Whether the database session that holds the lock is gone."""
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return bool(cursor.fetchone()[0] != self.session)


@contextmanager
def one_push(connection_id: str, ref: str) -> Iterator[Lease]:
    """Try to become the only one who pushes to a target of this tenant; never waits."""
    key = f"{require_tenant().schema_name}:{connection_id}:{ref}"
    with database.cursor() as cursor:
        cursor.execute(_TRY, [key])
        held, session = cursor.fetchone()
    try:
        yield Lease(bool(held), int(session))
    finally:
        if held:
            _free(key)


def _free(key: str) -> None:
    """Give the lock back; a session that can no longer do that is closed, which gives it back too."""
    try:
        with database.cursor() as cursor:
            cursor.execute(_FREE, [key])
    except DatabaseError:
        database.close()
