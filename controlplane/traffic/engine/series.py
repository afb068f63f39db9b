"""Calls over time, callers, totals. A failed call has status ≥ 400; a blocked one was refused by the WAF or gateway."""

from __future__ import annotations

import pyarrow as pa

from controlplane.traffic.engine.running import read
from controlplane.traffic.types import MICROSECONDS, CallFilter, Window

_EVERY = CallFilter()
_BLOCKED = "coalesce(waf_action = 'BLOCK', false)"


def _at(fraction: float) -> str:
    return f"CAST(quantile_cont(CAST(latency_ms AS DOUBLE), {fraction}) AS FLOAT)"


def series(window: Window, bucket_seconds: int, where: CallFilter = _EVERY) -> pa.Table:
    """Per time bucket: bucket (its start, µs), calls, errors, blocked, p50, p95 and p99 latency in ms.

    Buckets without calls are left out; the reader draws them as zero.
    """
    bucket = bucket_seconds * MICROSECONDS
    return read(
        "(ts // ?) * ? AS bucket, count(*) AS calls, count(*) FILTER (WHERE status >= 400) AS errors, "
        f"count(*) FILTER (WHERE {_BLOCKED}) AS blocked, "
        f"{_at(0.5)} AS p50, {_at(0.95)} AS p95, "
        f"{_at(0.99)} AS p99",
        window,
        where,
        "GROUP BY bucket ORDER BY bucket",
        [bucket, bucket],
    )


def callers(window: Window, where: CallFilter = _EVERY, limit: int = 20) -> pa.Table:
    """Who calls, busiest first: principal (keyed hash), consumer, client_ip, calls, errors, first_ts, last_ts."""
    return read(
        "principal, consumer, CASE WHEN principal IS NULL AND consumer IS NULL THEN client_ip END AS client_ip, "
        "count(*) AS calls, count(*) FILTER (WHERE status >= 400) AS errors, "
        "count(DISTINCT client_ip) AS addresses, min(ts) AS first_ts, max(ts) AS last_ts",
        window,
        where,
        "GROUP BY ALL ORDER BY calls DESC, last_ts DESC, principal, consumer, client_ip LIMIT ?",
        [limit],
    )


def totals(window: Window, where: CallFilter = _EVERY) -> pa.Table:
    """One row: calls, errors, blocked, principals, addresses, first_ts, last_ts."""
    return read(
        "count(*) AS calls, count(*) FILTER (WHERE status >= 400) AS errors, "
        f"count(*) FILTER (WHERE {_BLOCKED}) AS blocked, count(DISTINCT principal) AS principals, "
        "count(DISTINCT client_ip) AS addresses, min(ts) AS first_ts, max(ts) AS last_ts",
        window,
        where,
    )
