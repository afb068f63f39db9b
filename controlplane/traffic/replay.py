"""Judge past calls by the signatures of today: on raw records while they are kept, on what is stored beyond.

Stored calls have no headers and no bodies, and sensitive values in paths and queries are replaced; ``UNEVALUABLE``
names what a signature cannot see there. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from connectors.base.calls import NORMALISED_SCHEMA
from connectors.base.capabilities import Capability
from controlplane.connections import services as connections
from controlplane.traffic import engine
from controlplane.traffic.door.features import signature_columns
from controlplane.traffic.door.limits import bound
from controlplane.traffic.raw import window as raw
from controlplane.traffic.types import CallFilter, Window
from tenants.errors import DomainError

#: What signatures look at and stored calls do not have.
UNEVALUABLE: Final = ("headers", "request body", "values that were replaced at the door")
_LOOKED_AT: Final = (
    "call_id",
    "ts",
    "connection",
    "method",
    "path",
    "query",
    "user_agent",
    "request_content_type",
)


@dataclass(frozen=True, slots=True)
class NewHit:
    """A call that signatures of today find something in that was not found when it came."""

    connection: str
    call_id: str
    ts: int
    signatures: tuple[str, ...]
    on: str  # raw | stored


@dataclass(slots=True)
class Replay:
    """What was judged and what is new. ``unreadable`` names connections whose raw records could not be read."""

    raw: int = 0
    stored: int = 0
    hits: list[NewHit] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    unevaluable: tuple[str, ...] = ()


def replay_signatures(window: Window, where: CallFilter | None = None) -> Replay:
    """Judge the stored calls of a window of event time again.

    A call whose raw record is still kept is judged by it, every other by what is stored of it.
    """
    where = where or CallFilter()
    known = engine.calls(window, where, [*_LOOKED_AT, "signatures"])
    before = {
        (connection, call): (ts, set(found or ()))
        for connection, call, ts, found in zip(
            *(known.column(name).to_pylist() for name in ("connection", "call_id", "ts", "signatures")),
            strict=True,
        )
    }
    result = Replay()
    judged: set[tuple[str, str]] = set()
    for connection, table in _raw_calls(where, result):
        for call, found in _judged(table):
            key = (connection, call)
            if key in before and key not in judged:
                judged.add(key)
                _note(result, key, before[key], found, "raw")
    result.raw = len(judged)
    rest = known.filter(pa.array([key not in judged for key in before], pa.bool_())) if before else known
    for connection, (call, found) in zip(
        rest.column("connection").to_pylist(), _judged(_widened(rest)), strict=True
    ):
        _note(result, (connection, call), before[connection, call], found, "stored")
    result.stored = rest.num_rows
    result.unevaluable = UNEVALUABLE if rest.num_rows else ()
    return result


def _raw_calls(where: CallFilter, result: Replay) -> Iterator[tuple[str, pa.Table]]:
    """Normalised calls of the raw window. Records may have come long after the calls they tell of: all are read."""
    for connection, batch in raw.read(Window(0, 2**62), where.connection):
        try:
            connector = connections.open_connector(connection, Capability.RECEIVE_CALLS)
        except DomainError:
            try:
                connector = connections.open_connector(connection, Capability.PULL_CALLS)
            except DomainError:
                if connection not in result.unreadable:
                    result.unreadable.append(connection)
                continue
        yield connection, bound(connector.normalise(batch).table)


def _judged(table: pa.Table) -> Iterator[tuple[str, set[str]]]:
    """Each call's id and the signatures that hit it today."""
    if table.num_rows:
        signatures, _ = signature_columns(table)
        for call, found in zip(table.column("call_id").to_pylist(), signatures.to_pylist(), strict=True):
            yield call, set(found or ())


def _widened(stored: pa.Table) -> pa.Table:
    """Stored calls in the shape signatures read, with null for what was dropped."""
    columns = {
        column.name: stored.column(column.name)
        if column.name in stored.column_names
        else pa.nulls(stored.num_rows, column.type)
        for column in NORMALISED_SCHEMA
    }
    return pa.table(columns)


def _note(
    result: Replay, key: tuple[str, str], before: tuple[int, set[str]], found: set[str], on: str
) -> None:
    ts, known = before
    if new := found - known:
        result.hits.append(NewHit(*key, ts, tuple(sorted(new)), on))
