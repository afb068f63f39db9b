"""Summaries: what one segment adds up to per hour, kept beside it so that months are answered from little.

A summary is a fixed query over one immutable segment, so it can be made at any time, by anyone, twice, or not at all:
where it is missing the same query runs over the calls. It goes when its segment goes. Only whole hours, and only
questions about all calls of a connection or source, can be answered from summaries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from controlplane.traffic.engine import duck
from controlplane.traffic.engine.filters import matching
from controlplane.traffic.engine.running import ask
from controlplane.traffic.engine.sql import Sql, sql
from controlplane.traffic.models import Segment
from controlplane.traffic.store import files, segments
from controlplane.traffic.types import MICROSECONDS, CallFilter, Window

HOUR: Final = 3600 * MICROSECONDS
#: The gap that separates visits; sessions of at least this gap can be put together from visits.
VISIT_GAP: Final = 1800 * MICROSECONDS
#: Segments with fewer calls are read themselves; they are about to be merged.
MIN_CALLS: Final = 5_000
_EVERY: Final = Window(0, 2**62)


@dataclass(frozen=True, slots=True)
class Summary:
    """A kind of summary; change ``name`` when ``query`` changes, so that files of before are not believed.

    Rows are kept in the order of the first ``keys`` columns, of which ``hour`` is the first.
    """

    name: str
    query: str
    keys: int


def rank(percent: int) -> str:
    """The lowest bin up to which this share of the timed calls lies: the nearest rank's."""
    return f"min(CASE WHEN bin IS NOT NULL AND upto * 100 >= timed * {percent} THEN bin END)"


def middle(low: str) -> str:
    """The middle of a bin in ms."""
    halves = [f"WHEN {low} < {64 << n} THEN {(1 << n) // 2}" for n in range(26)]
    return f"({low} + CASE {' '.join(halves)} END) / CAST(1000 AS DOUBLE)"


def _bins() -> str:
    steps = [f"WHEN v < {64 << n} THEN v // {1 << n} * {1 << n}" for n in range(26)]
    return f"CASE WHEN v IS NULL THEN NULL {' '.join(steps)} END"


_V = f"""SELECT ts // {HOUR} AS hour, host, method, {segments.SHAPE} AS shape, path, status,
    CASE WHEN latency_ms >= 0 AND latency_ms < 1800000
        THEN CAST(floor(CAST(latency_ms AS DOUBLE) * 1000 + 0.5) AS BIGINT) END AS v
    FROM {{}} WHERE {{}}"""

#: Latencies in bins of whole µs, 32 to each doubling: the middle of a bin is within 1/64 of any value in it.
#: A latency below zero or above half an hour is taken as not known.
LATENCY: Final = Summary(
    "latency1",
    f"""SELECT hour, host, method, shape, {_bins()} AS bin, count(*) AS calls,
        count(*) FILTER (WHERE status >= 400) AS failed
    FROM ({_V}) AS calls_of_hours GROUP BY hour, host, method, shape, bin""",
    5,
)

#: Each shape's hour in one row, with the bins of its own percentiles: all there is to know where nothing is merged.
CELLS: Final = Summary(
    "cells1",
    f"""SELECT hour, host, method, shape, min(example) AS example, CAST(sum(calls) AS BIGINT) AS calls,
        CAST(sum(failed) AS BIGINT) AS failed, {rank(50)} AS bin50, {rank(95)} AS bin95, {rank(99)} AS bin99
    FROM (SELECT hour, host, method, shape, bin, example, calls, failed,
            sum(CASE WHEN bin IS NULL THEN 0 ELSE calls END) OVER (PARTITION BY hour, host, method, shape
                ORDER BY bin) AS upto,
            sum(CASE WHEN bin IS NULL THEN 0 ELSE calls END) OVER (PARTITION BY hour, host, method, shape) AS timed
        FROM (SELECT hour, host, method, shape, {_bins()} AS bin, min(path) AS example, count(*) AS calls,
            count(*) FILTER (WHERE status >= 400) AS failed
            FROM ({_V}) AS calls_of_hours GROUP BY hour, host, method, shape, bin) AS binned) AS ranked
    GROUP BY hour, host, method, shape""",
    4,
)

#: Calls of one principal within one hour without a pause longer than ``VISIT_GAP``.
VISITS: Final = Summary(
    "visits1",
    f"""SELECT hour, principal, min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS calls,
        count(*) FILTER (WHERE status >= 400) AS failed
    FROM (SELECT hour, principal, ts, status, sum(begins) OVER (PARTITION BY principal, hour ORDER BY ts) AS visit
        FROM (SELECT ts // {HOUR} AS hour, principal, ts, status,
            CASE WHEN ts - lag(ts) OVER (PARTITION BY principal, ts // {HOUR} ORDER BY ts) <= {VISIT_GAP}
                THEN 0 ELSE 1 END AS begins
            FROM {{}} WHERE principal IS NOT NULL AND {{}}) AS calls_marked) AS calls_numbered
    GROUP BY hour, principal, visit""",
    3,
)  # fmt: skip

KINDS: Final = (LATENCY, CELLS, VISITS)


def whole_hours(window: Window) -> Window:
    """The window widened to whole hours."""
    return Window(window.start // HOUR * HOUR, -(-window.end // HOUR) * HOUR)


def summarised(
    kind: Summary,
    window: Window,
    where: CallFilter,
    make: Callable[[Sql], Sql],
    tables: dict[str, pa.Table] | None = None,
) -> pa.Table:
    """The answer to the query that ``make`` writes over the rows of a kind of summary, for a window of whole hours.

    Rows of one hour and key may come in several parts, one per segment.
    """
    files = duck.segment_files(window, where)
    made = [] if settings.ENGINE_URL or not _of_whole_segments(where) else _made(kind, files)
    kept = set(made)
    read = [file for file in files if file not in kept]
    hours = (window.start // HOUR, window.end // HOUR)
    found = [str(segments.summary(file, kind.name)) for file in made]

    def rows(calls: Sql) -> Sql:
        fresh = sql(f"({kind.query})", calls, matching(window, where))
        if not found:
            return make(fresh)
        stored = sql("SELECT * FROM read_parquet(?) WHERE hour >= ? AND hour < ?", found, *hours)
        if not read:
            return make(sql("({})", stored))
        return make(sql("(({}) UNION ALL BY NAME {})", stored, fresh))

    return ask(rows, read, tables)


def build(now: float, at_least: int = MIN_CALLS, at_most: int = 200) -> int:
    """Make the summaries that are missing, of segments of ``at_least`` calls, older than a minute; returns how many.

    At most about ``at_most``; call again for the rest.
    """
    made = 0
    rows = Segment.objects.filter(calls__gte=at_least, received_at__lt=int((now - 60) * MICROSECONDS))
    for path in rows.order_by("min_ts").values_list("path", flat=True).iterator():
        file = segments.absolute(path)
        for kind in KINDS:
            if not segments.summary(file, kind.name).exists() and file.exists():
                _build(kind, file)
                made += 1
        if made >= at_most:
            break
    return made


def _build(kind: Summary, file: Path) -> None:
    rows = duck.run(sql(kind.query, duck.source([file]), matching(_EVERY, CallFilter())))
    keys = [(name, "ascending") for name in rows.column_names[: kind.keys]]
    with files.durable(segments.summary(file, kind.name)) as sink:
        pq.write_table(rows.sort_by(keys), sink, compression="zstd", row_group_size=128_000)


def _made(kind: Summary, files: list[Path]) -> list[Path]:
    return [file for file in files if segments.summary(file, kind.name).exists()]


def _of_whole_segments(where: CallFilter) -> bool:
    return where == CallFilter(connection=where.connection, source=where.source, segments=where.segments)
