"""Sessions of principals, put together from visits.

Millions of visits are sorted by principal and time. A number that stands for the principal sorts four times as fast as
its text, and most visits are whole sessions by themselves, which need no second look.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
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
    if not settings.ENGINE_URL:
        found = by_key("hash(principal)", window, gap_seconds, where, limit)
        if found is not None:
            return found
    exact = by_key("principal", window, gap_seconds, where, limit)
    assert exact is not None, "a principal stands for itself"
    return exact


def by_key(key: str, window: Window, gap_seconds: int, where: CallFilter, limit: int) -> pa.Table | None:
    """The same by an expression that stands for the principal; None when one of the answers' keys stands for two.

    A shared key can only make sessions longer, so that looking at the longest is enough.
    """
    gap = gap_seconds * MICROSECONDS
    found = summarised(
        VISITS,
        whole_hours(window),
        where,
        lambda rows: sql(_SESSIONS.replace("KEY", key), rows, gap, gap, limit, rows, limit),
    )
    if pc.any(found.column("mixed")).as_py():
        return None
    return found.drop_columns(["mixed"])


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
        SELECT KEY AS who, min(principal) AS principal, max(principal) AS other FROM {} AS visits
        WHERE KEY IN (SELECT who FROM longest) GROUP BY KEY)
    SELECT principal, first_ts, last_ts, calls, failed, other <> principal AS mixed
    FROM longest JOIN names ON longest.who = names.who ORDER BY calls DESC, first_ts, principal LIMIT ?"""
