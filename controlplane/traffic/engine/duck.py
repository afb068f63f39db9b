"""DuckDB in process over the segments of the current tenant: the engine of one machine.

Every query starts from the catalogue of the tenant the caller is in; without a tenant there is nothing to read.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from django.conf import settings

from controlplane.traffic.engine.filters import matching
from controlplane.traffic.engine.sql import Sql, sql
from controlplane.traffic.models import Segment
from controlplane.traffic.store.segments import SEGMENT_SCHEMA, SHAPE, absolute, has_shape
from controlplane.traffic.types import CallFilter, Window

_NONE = "no_calls"
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


def source(files: Sequence[Path]) -> Sql:
    """The calls of these files as a table with every column of ``SEGMENT_SCHEMA``, whatever the files hold.

    Without files it is an empty table of the same columns. Where a file knows no shape, the path stands for it.
    """
    if not files:
        return Sql(_NONE)
    names = [str(path) for path in files]
    if all(has_shape(path) for path in files):
        return sql("read_parquet(?, union_by_name=true)", names)
    return sql(
        f"(SELECT * REPLACE (coalesce({SHAPE}, path) AS {SHAPE}) FROM "
        f"(SELECT * FROM {_NONE} UNION ALL BY NAME SELECT * FROM read_parquet(?, union_by_name=true)))",
        names,
    )


def run(query: Sql, tables: Mapping[str, pa.Table] | None = None) -> pa.Table:
    """The answer to a query over ``source`` and ``tables`` by name."""
    cursor = _connection().cursor()
    try:
        cursor.register(_NONE, SEGMENT_SCHEMA.empty_table())
        for name, table in (tables or {}).items():
            cursor.register(name, table)
        return cursor.sql(query.text, params=list(query.values)).to_arrow_table()
    finally:
        cursor.close()


def read(
    select: str, window: Window, where: CallFilter, tail: str = "", parameters: Sequence[Any] = ()
) -> pa.Table:
    """Run ``SELECT {select} FROM calls WHERE … {tail}`` here, whatever engine is set; see ``running.read``."""
    return run(statement(select, source(segment_files(window, where)), window, where, tail, parameters))


def statement(
    select: str, calls: Sql, window: Window, where: CallFilter, tail: str, parameters: Sequence[Any]
) -> Sql:
    """The query of ``read``; ``parameters`` bind the placeholders of ``select`` then ``tail``."""
    before = select.count("?")
    return sql(
        f"SELECT {select} FROM {{}} WHERE {{}} {tail}",
        *parameters[:before],
        calls,
        matching(window, where),
        *parameters[before:],
    )
