"""How often something may be tried: counted in PostgreSQL, so that every process counts together.

A limit of `most` in `seconds` lets that many through at once and refills evenly (the generic cell rate algorithm): one
row per subject says when it will be full again. Nobody is ever shut out for good, and the time to wait is exact.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db.backends.utils import CursorWrapper
from psycopg import sql

_TAKE = """
    INSERT INTO {table} AS held (key, due) VALUES (%(key)s, %(now)s + %(step)s)
    ON CONFLICT (key) DO UPDATE SET due = GREATEST(held.due, %(now)s) + %(step)s
     WHERE GREATEST(held.due, %(now)s) + %(step)s <= %(now)s + %(window)s
    RETURNING due
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` within `seconds`, for each subject; `name` keeps the limits apart."""

    name: str
    most: int
    seconds: int

    @property
    def step(self) -> timedelta:
        """How long one try takes to come back."""
        return timedelta(seconds=self.seconds) / self.most


def take(cursor: CursorWrapper, table: str, key: str, limit: Limit, now: datetime) -> int:
    """Count one try; return 0 when it may go on, else the seconds to wait (nothing was counted then)."""
    window = timedelta(seconds=limit.seconds)
    values: dict[str, Any] = {"key": key, "now": now, "step": limit.step, "window": window}
    cursor.execute(sql.SQL(_TAKE).format(table=sql.Identifier(table)), values)
    if cursor.fetchone() is not None:
        return 0
    cursor.execute(sql.SQL("SELECT due FROM {} WHERE key = %s").format(sql.Identifier(table)), [key])
    row = cursor.fetchone()
    full: datetime = row[0] if row else now
    return max(1, ceil((full + limit.step - window - now).total_seconds()))
