"""Who writes files of the store, and when nobody does: only then is a file without a row nobody's."""

from __future__ import annotations

from typing import Final

from django.db import OperationalError, transaction
from django.db import connection as database

_LOCK: Final = "(hashtextextended(current_schema(), 9))"
#: How long the files of writers that are under way are waited for, seconds. New writers wait meanwhile.
_PATIENCE: Final = 20


def writing() -> None:
    """Files written from now on get their row with the end of the transaction, or never."""
    with database.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared{_LOCK}")


def nobody_writes() -> bool:
    """Whether no file waits for its row, until the transaction ends; False when writers took too long."""
    try:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {_PATIENCE * 1000}")
            cursor.execute(f"SELECT pg_advisory_xact_lock{_LOCK}")
    except OperationalError:
        return False
    return True
