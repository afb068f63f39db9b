"""One writer of the inventory at a time, so that two jobs never make the same endpoint."""

from __future__ import annotations

from django.db import connection


def one_writer() -> None:
    """Wait for the tenant's inventory lock until commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 17))")
