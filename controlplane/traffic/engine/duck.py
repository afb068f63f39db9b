"""DuckDB in process over the segments of the current tenant. The only place that runs SQL on calls.

Every query starts from the catalogue of the tenant the caller is in; without a tenant there is nothing to read.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from django.conf import settings

from connectors.base.calls import CALL_SCHEMA
from controlplane.traffic.engine.filters import where_clause
from controlplane.traffic.models import Segment
from controlplane.traffic.store.segments import absolute
from controlplane.traffic.types import CallFilter, Window

_local = threading.local()


def _connection() -> duckdb.DuckDBPyConnection:
    """One in-memory database per thread; it holds no data, only the limits."""
    held: duckdb.DuckDBPyConnection | None = getattr(_local, "connection", None)
    if held is None:
        held = duckdb.connect(
            config={
                "threads": settings.ENGINE_THREADS,
                "memory_limit": settings.ENGINE_MEMORY,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "enable_object_cache": "true",
            }
        )
        _local.connection = held
    return held


def segment_files(window: Window, where: CallFilter) -> list[Path]:
    """The files that can hold matching calls: overlapping in event time, of the asked connection and source."""
    rows = Segment.objects.filter(max_ts__gte=window.start, min_ts__lt=window.end)
    if where.connection is not None:
        rows = rows.filter(connection=where.connection)
    if where.source is not None:
        rows = rows.filter(source=where.source)
    if where.segments:
        rows = rows.filter(pk__in=where.segments)
    return [absolute(path) for path in rows.order_by("min_ts").values_list("path", flat=True)]


def read(
    select: str, window: Window, where: CallFilter, tail: str = "", parameters: Sequence[Any] = ()
) -> pa.Table:
    """Run ``SELECT {select} FROM calls WHERE … {tail}``; ``select`` and ``tail`` are texts of this package.

    ``parameters`` bind the placeholders of ``select`` then ``tail``. Without segments the answer comes from an
    empty table of the same columns, so that shapes do not depend on data.
    """
    files = segment_files(window, where)
    condition, bound = where_clause(window, where)
    cursor = _connection().cursor()
    if files:
        source = "read_parquet(?, union_by_name=true)"
        arguments: list[Any] = [[str(path) for path in files]]
    else:
        cursor.register("no_calls", CALL_SCHEMA.empty_table())
        source, arguments = "no_calls", []
    before = select.count("?")
    sql = f"SELECT {select} FROM {source} WHERE {condition} {tail}"  # noqa: S608 - texts of this package only
    bound_all = [*parameters[:before], *arguments, *bound, *parameters[before:]]
    try:
        return cursor.sql(sql, params=bound_all).to_arrow_table()
    finally:
        cursor.close()
