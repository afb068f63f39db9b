"""Analytics over long windows: latency per endpoint, principals, failed sign-ins, sessions and their steps.

An endpoint is a template that inventory learns; calls keep their path. Between the two stands the *shape* (store/shapes):
ask ``shapes`` for the few thousand there are, name the endpoint of each example, and hand the table back as ``endpoints``
(host, method, shape, endpoint). Unnamed shapes are left out where endpoints are given.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from controlplane.traffic.engine.duck import segment_files
from controlplane.traffic.engine.filters import matching
from controlplane.traffic.engine.running import ask, read
from controlplane.traffic.engine.sql import Sql, sql
from controlplane.traffic.engine.summaries import (
    CELLS,
    HOUR,
    LATENCY,
    VISITS,
    middle,
    rank,
    summarised,
    whole_hours,
)
from controlplane.traffic.store.segments import SHAPE
from controlplane.traffic.types import MICROSECONDS, CallFilter, Window

_EVERY = CallFilter()
_NAMES = "endpoints_given"
_JOIN = (
    f"JOIN {_NAMES} ON parts.method = {_NAMES}.method AND parts.shape = {_NAMES}.shape "
    f"AND parts.host IS NOT DISTINCT FROM {_NAMES}.host"
)
_NAMED = pa.schema([(name, pa.string()) for name in ("host", "method", "shape", "endpoint")])


def shapes(window: Window, where: CallFilter = _EVERY) -> pa.Table:
    """The distinct (host, method, shape) of the window's hours: with an example path, calls and failed calls."""
    return summarised(
        CELLS,
        whole_hours(window),
        where,
        lambda rows: sql(
            "SELECT host, method, shape, min(example) AS example, CAST(sum(calls) AS BIGINT) AS calls, "
            "CAST(sum(failed) AS BIGINT) AS failed FROM {} AS parts GROUP BY host, method, shape "
            "ORDER BY host, method, shape",
            rows,
        ),
    )


def endpoint_latency(
    window: Window, endpoints: pa.Table, bucket_seconds: int = 3600, where: CallFilter = _EVERY
) -> pa.Table:
    """Per endpoint and bucket of whole hours: endpoint, bucket (µs), calls, failed, p50, p95, p99 in ms.

    Percentiles are by nearest rank over the calls whose latency is known, each within 1/64 (1.6 %) of the exact one;
    null when none is. The window is widened to whole hours.
    """
    bucket = _hours(bucket_seconds)
    given = _given(endpoints)
    if settings.ENGINE_URL or bucket > HOUR:
        return _merged_latency(whole_hours(window), given, bucket, where)
    found = _single_latency(whole_hours(window), given, where)
    several = pc.unique(found.filter(pc.greater(found.column("parts"), 1)).column("endpoint"))
    found = found.drop_columns(["parts"])
    if not len(several):
        return found
    again = given.filter(pc.is_in(given.column("endpoint"), several))
    others = found.filter(pc.invert(pc.is_in(found.column("endpoint"), several)))
    merged = _merged_latency(whole_hours(window), again, bucket, where)
    return pa.concat_tables([others, merged]).sort_by([("endpoint", "ascending"), ("bucket", "ascending")])


def _single_latency(window: Window, given: pa.Table, where: CallFilter) -> pa.Table:
    """Each endpoint's hours, right in percentiles where ``parts`` is one."""
    return summarised(
        CELLS,
        window,
        where,
        lambda rows: sql(
            f"""SELECT endpoint, hour * {HOUR} AS bucket, CAST(sum(calls) AS BIGINT) AS calls,
                CAST(sum(failed) AS BIGINT) AS failed, {middle("min(bin50)")} AS p50, {middle("min(bin95)")} AS p95,
                {middle("min(bin99)")} AS p99, count(*) AS parts
            FROM {{}} AS parts {_JOIN} GROUP BY endpoint, hour ORDER BY endpoint, bucket""",
            rows,
        ),
        {_NAMES: given},
    )


def _merged_latency(window: Window, given: pa.Table, bucket: int, where: CallFilter) -> pa.Table:
    return summarised(
        LATENCY,
        window,
        where,
        lambda rows: sql(
            f"""WITH named AS (
                SELECT endpoint, hour // ? * ? AS bucket, bin, CAST(sum(calls) AS BIGINT) AS calls,
                    CAST(sum(failed) AS BIGINT) AS failed
                FROM {{}} AS parts {_JOIN} GROUP BY endpoint, bucket, bin),
            ranked AS (
                SELECT endpoint, bucket, bin, calls, failed,
                    sum(CASE WHEN bin IS NULL THEN 0 ELSE calls END) OVER (PARTITION BY endpoint, bucket
                        ORDER BY bin) AS upto,
                    sum(CASE WHEN bin IS NULL THEN 0 ELSE calls END) OVER (PARTITION BY endpoint, bucket) AS timed
                FROM named)
            SELECT endpoint, bucket, CAST(sum(calls) AS BIGINT) AS calls, CAST(sum(failed) AS BIGINT) AS failed,
                {middle(rank(50))} AS p50, {middle(rank(95))} AS p95, {middle(rank(99))} AS p99
            FROM ranked GROUP BY endpoint, bucket ORDER BY endpoint, bucket""",
            bucket // HOUR,
            bucket,
            rows,
        ),
        {_NAMES: given},
    )


def principals(window: Window, bucket_seconds: int = 86_400, where: CallFilter = _EVERY) -> pa.Table:
    """Per bucket of whole hours: bucket (µs), principals (distinct, exact), calls and failed calls of principals."""
    bucket = _hours(bucket_seconds)
    return summarised(
        VISITS,
        whole_hours(window),
        where,
        lambda rows: sql(
            "SELECT hour // ? * ? AS bucket, count(DISTINCT principal) AS principals, "
            "CAST(sum(calls) AS BIGINT) AS calls, CAST(sum(failed) AS BIGINT) AS failed "
            "FROM {} AS parts GROUP BY bucket ORDER BY bucket",
            bucket // HOUR,
            bucket,
            rows,
        ),
    )


def failed_sign_ins(
    window: Window, bucket_seconds: int, sign_in: str, where: CallFilter = _EVERY, at_least: int = 1
) -> pa.Table:
    """Per bucket, sign-in place, principal and address: the failed sign-ins (401, 403 or 429), from ``at_least`` on.

    ``sign_in`` is the RE2 pattern that the shape of a sign-in's path holds. Columns: bucket (µs), host, method, shape,
    principal, client_ip, failed, first_ts, last_ts. Only POST, PUT and PATCH sign in.
    """
    bucket = bucket_seconds * MICROSECONDS
    found = shapes(window, where)
    places = found.filter(pc.match_substring_regex(found.column("shape"), sign_in)).column("shape")
    wanted = pc.unique(places).to_pylist() or [None]
    return read(
        f"ts // ? * ? AS bucket, host, method, {SHAPE} AS shape, principal, client_ip, count(*) AS failed, "
        "min(ts) AS first_ts, max(ts) AS last_ts",
        window,
        where,
        "AND status IN (401, 403, 429) AND method IN ('POST', 'PUT', 'PATCH') "
        f"AND {SHAPE} IN ({', '.join('?' * len(wanted))}) "
        f"GROUP BY bucket, host, method, {SHAPE}, principal, client_ip HAVING count(*) >= ? "
        "ORDER BY bucket, failed DESC, host, method, shape, principal, client_ip",
        [bucket, bucket, *wanted, at_least],
    )


def sequences(
    window: Window, endpoints: pa.Table, gap_seconds: int = 1800, where: CallFilter = _EVERY, limit: int = 100
) -> pa.Table:
    """The most frequent three successive endpoints of a session: first, second, third, times, principals (distinct).

    Successive are calls of one principal with no pause longer than ``gap_seconds``, in order of event time, then
    ``call_id``; calls of unnamed shapes are skipped. Exact, and read from the calls themselves: it sorts them all.
    """

    def query(calls: Sql) -> Sql:
        return sql(
            f"""WITH steps AS (
                SELECT principal, ts, call_id, endpoint
                FROM (SELECT principal, ts, call_id, host, method, {SHAPE} AS shape
                    FROM {{}} WHERE principal IS NOT NULL AND {{}})
                AS parts {_JOIN}),
            followed AS (
                SELECT principal, ts, endpoint,
                    lead(ts, 1) OVER (PARTITION BY principal ORDER BY ts, call_id) AS ts2,
                    lead(ts, 2) OVER (PARTITION BY principal ORDER BY ts, call_id) AS ts3,
                    lead(endpoint, 1) OVER (PARTITION BY principal ORDER BY ts, call_id) AS endpoint2,
                    lead(endpoint, 2) OVER (PARTITION BY principal ORDER BY ts, call_id) AS endpoint3
                FROM steps)
            SELECT endpoint AS first, endpoint2 AS second, endpoint3 AS third, count(*) AS times,
                count(DISTINCT principal) AS principals
            FROM followed WHERE ts2 - ts <= ? AND ts3 - ts2 <= ?
            GROUP BY endpoint, endpoint2, endpoint3
            ORDER BY times DESC, endpoint, endpoint2, endpoint3 LIMIT ?""",
            calls,
            matching(window, where),
            gap_seconds * MICROSECONDS,
            gap_seconds * MICROSECONDS,
            limit,
        )

    tables = {_NAMES: _given(endpoints)}
    return ask(query, segment_files(window, where), tables)


def _given(endpoints: pa.Table) -> pa.Table:
    """The named shapes alone."""
    return endpoints.select(_NAMED.names).cast(_NAMED).filter(pc.is_valid(endpoints.column("endpoint")))


def _hours(bucket_seconds: int) -> int:
    if bucket_seconds <= 0 or bucket_seconds % 3600:
        raise ValueError("buckets are whole hours")
    return bucket_seconds * MICROSECONDS
