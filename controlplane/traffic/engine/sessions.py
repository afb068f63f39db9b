"""Sessions of principals, put together from visits.

Millions of visits are sorted by principal and time. A number that stands for the principal sorts four times as fast as
its text, and most visits are whole sessions by themselves, which need no second look.
"""

from __future__ import annotations

import pyarrow as pa
from django.conf import settings

from controlplane.traffic.engine.sql import sql
from controlplane.traffic.engine.summaries import VISIT_GAP, VISITS, summarised, whole_hours
from controlplane.traffic.types import MICROSECONDS, CallFilter, Window

_EVERY = CallFilter()


def sessions(
    window: Window, gap_seconds: int = 1800, where: CallFilter = _EVERY, limit: int = 1000
) -> pa.Table:
    """The sessions of principals with most calls: principal, first_ts, last_ts, calls, failed.

    A session ends where its principal pauses longer than ``gap_seconds`` (at least half an hour), over all
    connections. The window is widened to whole hours; a session that reaches out of it is cut there.
    """
    if gap_seconds * MICROSECONDS < VISIT_GAP:
        raise ValueError("sessions are separated by half an hour at least")
    gap = gap_seconds * MICROSECONDS
    query = _SESSIONS.replace("KEY", "principal" if settings.ENGINE_URL else _NUMBER)
    return summarised(
        VISITS, whole_hours(window), where, lambda rows: sql(query, rows, gap, gap, limit, rows, limit)
    )


#: 64 bits for a principal: among a million of them two share a number with a chance of 3 in 100 million.
_NUMBER = "hash(principal)"
#: ``begins`` and ``ends`` are 1 where no other visit of the principal is near before and after.
_SESSIONS = """WITH parts AS (SELECT KEY AS who, first_ts, last_ts, calls, failed FROM {} AS visits),
    seen AS (
        SELECT who, first_ts, last_ts, calls, failed,
            CASE WHEN first_ts - max(last_ts) OVER (PARTITION BY who ORDER BY first_ts, last_ts
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) <= ? THEN 0 ELSE 1 END AS begins,
            CASE WHEN lead(first_ts) OVER (PARTITION BY who ORDER BY first_ts, last_ts)
                - max(last_ts) OVER (PARTITION BY who ORDER BY first_ts, last_ts
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) <= ? THEN 0 ELSE 1 END AS ends
        FROM parts),
    numbered AS (
        SELECT who, first_ts, last_ts, calls, failed, sum(begins) OVER (PARTITION BY who ORDER BY first_ts) AS session
        FROM seen WHERE begins + ends < 2),
    whole AS (
        SELECT who, min(first_ts) AS first_ts, max(last_ts) AS last_ts, CAST(sum(calls) AS BIGINT) AS calls,
            CAST(sum(failed) AS BIGINT) AS failed
        FROM numbered GROUP BY who, session
        UNION ALL SELECT who, first_ts, last_ts, calls, failed FROM seen WHERE begins + ends = 2),
    longest AS (
        SELECT who, first_ts, last_ts, calls, failed FROM whole
        WHERE calls >= (SELECT min(calls) FROM (SELECT calls FROM whole ORDER BY calls DESC LIMIT ?) AS most)),
    names AS (
        SELECT KEY AS who, first_ts, min(principal) AS principal FROM {} AS visits
        WHERE first_ts IN (SELECT first_ts FROM longest) GROUP BY who, first_ts)
    SELECT principal, longest.first_ts, last_ts, calls, failed
    FROM longest JOIN names ON longest.who = names.who AND longest.first_ts = names.first_ts
    ORDER BY calls DESC, longest.first_ts, principal LIMIT ?"""
