"""SQL over an Arrow table in memory: how detectors say what they look for. No storage, no network, no clock."""

from __future__ import annotations

import threading
from typing import Any

import duckdb
import pyarrow as pa

from controlplane.detection.types import ActorKind

#: The key a caller is grouped by: the principal, else the address, else the consumer.
CALLER = "coalesce(principal, client_ip, consumer, 'unknown')"
KIND = "CASE WHEN principal IS NOT NULL THEN 'principal' WHEN client_ip IS NOT NULL THEN 'ip' ELSE 'consumer' END"

#: A call that was answered with success and not stopped at the edge.
THROUGH = "(status < 400 AND coalesce(waf_action, '') <> 'BLOCK')"


_local = threading.local()


def rows(sql: str, calls: pa.Table, **tables: pa.Table) -> list[dict[str, Any]]:
    """The rows of a query over ``calls`` and further tables by name."""
    with _engine().cursor() as engine:  # tables are registered with the cursor and go with it
        engine.register("calls", calls)
        for name, table in tables.items():
            engine.register(name, table)
        found: list[dict[str, Any]] = engine.sql(sql).to_arrow_table().to_pylist()
        return found


def _engine() -> duckdb.DuckDBPyConnection:
    """One empty database per thread: opening one costs 50 ms, a cursor of it nothing worth naming."""
    held: duckdb.DuckDBPyConnection | None = getattr(_local, "engine", None)
    if held is None:
        held = duckdb.connect(config={"threads": 2, "autoinstall_known_extensions": "false"})
        _local.engine = held
    return held


def kind(name: str) -> ActorKind:
    """The actor kind of a ``KIND`` value."""
    return ActorKind(name)


def known(values: list[Any] | None) -> tuple[str, ...]:
    """A list's values without nulls, each once, in order."""
    return tuple(dict.fromkeys(value for value in values or () if value is not None))
