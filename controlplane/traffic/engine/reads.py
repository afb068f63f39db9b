"""Rows and distinct paths."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from connectors.base.calls import CALL_SCHEMA
from controlplane.traffic.engine.running import read
from controlplane.traffic.types import CallFilter, Window

_EVERY = CallFilter()
_FIELD_COLUMNS = (
    ("query", "query_fields"),
    ("request", "body_fields"),
    ("response", "response_fields"),
    ("class", "data_classes"),
)


def _columns(names: Sequence[str] | None) -> str:
    wanted = list(CALL_SCHEMA.names if names is None else names)
    unknown = set(wanted) - set(CALL_SCHEMA.names)
    if unknown:
        raise ValueError(f"calls have no columns {sorted(unknown)}")
    return ", ".join(wanted)


def calls(window: Window, where: CallFilter = _EVERY, columns: Sequence[str] | None = None) -> pa.Table:
    """All matching calls in order of event time; ``columns`` default to the whole ``CALL_SCHEMA``."""
    return read(_columns(columns), window, where, "ORDER BY ts, call_id")


def sample(
    window: Window, where: CallFilter = _EVERY, limit: int = 50, columns: Sequence[str] | None = None
) -> pa.Table:
    """The newest ``limit`` matching calls, newest first."""
    return read(_columns(columns), window, where, "ORDER BY ts DESC, call_id LIMIT ?", [limit])


def distinct_paths(window: Window, where: CallFilter = _EVERY) -> pa.Table:
    """One row per (connection, host, method, path, status), for learning and for endpoint facts.

    Columns: connection, host, method, path, status, declared_route, calls, first_ts, last_ts, response_bytes
    (median), principals (distinct), authenticated, anonymous, anonymous_success (calls with, without, and
    without a credential but answered 2xx; calls whose source cannot tell are in none), user_agent (one of them).
    """
    return read(
        "connection, host, method, path, status, min(declared_route) AS declared_route, count(*) AS calls, "
        "min(ts) AS first_ts, max(ts) AS last_ts, CAST(floor(median(response_bytes)) AS BIGINT) AS response_bytes, "
        "count(DISTINCT principal) AS principals, "
        "count(*) FILTER (WHERE auth_present) AS authenticated, "
        "count(*) FILTER (WHERE NOT auth_present) AS anonymous, "
        "count(*) FILTER (WHERE NOT auth_present AND status BETWEEN 200 AND 299) AS anonymous_success, "
        "min(user_agent) AS user_agent",
        window,
        where,
        "GROUP BY connection, host, method, path, status ORDER BY host, method, path, status, connection",
    )


def field_counts(window: Window, where: CallFilter = _EVERY) -> pa.Table:
    """How often each field and data class was seen, per (host, method, path).

    Columns: host, method, path, place (query, request, response or class), entry (``name:type``, or
    ``<where>:<field>:<class>`` where place is class), calls.
    """
    keys = ["host", "method", "path", "place", "entry"]
    tables = []
    for place, column in _FIELD_COLUMNS:
        rows = read(
            f"host, method, path, '{place}' AS place, unnest({column}) AS entry, 1 AS one", window, where
        )
        grouped = rows.group_by(keys).aggregate([("one", "sum")])
        tables.append(grouped.rename_columns([*keys, "calls"]))
    return pa.concat_tables(tables, promote_options="default")
