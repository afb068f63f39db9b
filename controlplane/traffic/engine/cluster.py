"""Apache Spark by Spark Connect (``sc://host:port``): for those whose calls outgrow one machine.

Texts are translated by sqlglot; values stay values. The cluster must read segments under the paths we know them by.
The client is an optional part: ``uv sync --group cluster``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa

from controlplane.traffic.engine.sql import Sql
from controlplane.traffic.store.segments import SEGMENT_SCHEMA, SHAPE
from tenants.errors import Unavailable

_lock = threading.Lock()
_sessions: dict[str, Any] = {}


def ask(
    url: str, make: Callable[[Sql], Sql], files: Sequence[Path], tables: Mapping[str, pa.Table]
) -> pa.Table:
    """The answer to a query over the calls of ``files`` and over ``tables`` by name."""
    session = _session(url)
    mark = uuid4().hex
    views = {"calls": f"calls_{mark}"} | {name: f"{name}_{mark}" for name in tables}
    query = make(Sql(views["calls"]))
    text = query.text
    try:
        _calls(session, files).createOrReplaceTempView(views["calls"])
        for name, table in tables.items():
            _given(session, table).createOrReplaceTempView(views[name])
            text = text.replace(name, views[name])
        return _plain(session.sql(translated(text), args=list(query.values)).toArrow())
    finally:
        for view in views.values():
            session.catalog.dropTempView(view)


@lru_cache(maxsize=256)
def translated(text: str) -> str:
    """Spark's words for a text of ours."""
    import sqlglot
    from sqlglot import exp

    def exact(node: exp.Expression) -> exp.Expression:
        """Spark's exact percentile; sqlglot would write one that Spark does not know."""
        if isinstance(node, exp.PercentileCont):
            return exp.Anonymous(this="percentile", expressions=[node.this, node.expression])
        return node

    return str(sqlglot.parse_one(text, read="duckdb").transform(exact).sql("spark"))


def _session(url: str) -> Any:
    with _lock:
        if url not in _sessions:
            try:
                import sqlglot  # noqa: F401 - asked for now, so that its absence is told here
                from pyspark.sql.connect.session import SparkSession
            except ImportError as error:
                raise Unavailable(
                    "engine-not-installed",
                    "PORTCULLIS_ENGINE names a cluster, but its client is not installed. Nothing was read. "
                    "Install it with: uv sync --group cluster.",
                ) from error
            _sessions[url] = SparkSession.builder.remote(url).create()
        return _sessions[url]


def _calls(session: Any, files: Sequence[Path]) -> Any:
    from pyspark.sql.connect.functions import coalesce
    from pyspark.sql.pandas.types import from_arrow_schema

    schema = from_arrow_schema(SEGMENT_SCHEMA)
    if not files:
        return session.createDataFrame([], schema)
    calls = session.read.schema(schema).parquet(*(str(path) for path in files))
    return calls.withColumn(SHAPE, coalesce(SHAPE, "path"))


def _given(session: Any, table: pa.Table) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return session.createDataFrame(table if table.num_rows else [], from_arrow_schema(table.schema))


def _plain(table: pa.Table) -> pa.Table:
    """Arrow types as the embedded engine gives them."""
    fields = [pa.field(field.name, _type(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _type(given: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(given):
        return pa.string()
    if pa.types.is_list(given) or pa.types.is_large_list(given):
        return pa.list_(_type(given.value_type))
    return given
