"""Analytics over stored calls as they grow: seconds per question, bytes per call, memory; PostgreSQL beside it.

``python -m benchmarks.analytics [--calls 500000 5000000 50000000] [--baseline 500000 5000000] [--days 30]`` makes calls
(benchmarks/made_calls.py), writes them as the product's compaction leaves them (one segment per connection and day) in a
workspace of a PostgreSQL of its own, builds the summaries and asks each question in a process of its own: the first time
("cold": nothing in that process, the file cache as it is) and the best of three. ``--no-summaries`` asks without them.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.database import one_tenant
from benchmarks.made_calls import CONNECTIONS, DAY, SIGN_IN, day, maker

_FIRST_DAY = 20_000
#: What the baseline's table holds, enough for its questions.
_BASELINE = ("ts", "host", "method", "shape", "principal", "client_ip", "status", "latency_ms")
_BASELINE_SCHEMA = "-c search_path=baseline"
_QUESTIONS = {
    "endpoint percentiles by hour": """SELECT host, method, shape, ts / 3600000000, count(*),
        percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY latency_ms) FROM calls GROUP BY 1, 2, 3, 4""",
    "distinct principals by day": "SELECT ts / 86400000000, count(DISTINCT principal) FROM calls GROUP BY 1",
    "failed sign-ins per 5 minutes": """SELECT ts / 300000000, host, shape, principal, client_ip, count(*) FROM calls
        WHERE method IN ('POST', 'PUT', 'PATCH') AND shape ~ '/login$' AND status IN (401, 403, 429)
        GROUP BY 1, 2, 3, 4, 5""",
    "sessions, the longest 1000": """SELECT principal, n, min(ts), max(ts), count(*) FROM (SELECT *, sum(b) OVER (
        PARTITION BY principal ORDER BY ts) AS n FROM (SELECT principal, ts, CASE WHEN ts - lag(ts) OVER (PARTITION BY
        principal ORDER BY ts) <= 1800000000 THEN 0 ELSE 1 END AS b FROM calls WHERE principal IS NOT NULL) m) n
        GROUP BY 1, 2 ORDER BY 5 DESC LIMIT 1000""",
}


def apart(act: Callable[..., Any], *arguments: Any) -> Any:
    """The answer of a call in a process of its own, with database connections of its own."""
    from django.db import connections

    def inside(end: Any) -> None:
        connections.close_all()
        end.send(act(*arguments))
        connections.close_all()
        end.close()

    connections.close_all()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=inside, args=(theirs,))
    process.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        raise SystemExit("a step ended before it answered") from None
    finally:
        process.join()
    return answer


def fill(first: int, days: int, calls: int, baseline: bool) -> tuple[int, int, float]:
    """Write the calls of one size; gives calls, bytes of segments and seconds of writing."""
    import psycopg
    from django.db import connection as database

    from controlplane.traffic.models import Segment
    from controlplane.traffic.store import segments
    from tenants.ids import new_id

    made, total, size, writing = maker(), 0, 0, 0.0
    other = (
        psycopg.connect(os.environ["OWNER_DATABASE_URL"], autocommit=True, options=_BASELINE_SCHEMA)
        if baseline
        else None
    )
    if other is not None:
        other.execute("CREATE SCHEMA IF NOT EXISTS baseline")
        other.execute("DROP TABLE IF EXISTS calls")
        other.execute(
            "CREATE UNLOGGED TABLE calls (ts bigint, host text, method text, shape text, principal text, client_ip text, "
            "status smallint, latency_ms real)"
        )
    for number in range(first, first + days):
        table = day(made, number, calls // days)
        for name in CONNECTIONS:
            rows = table.filter(pa.compute.equal(table.column("connection"), name))
            segment = new_id("seg")
            began = time.perf_counter()
            path, written = segments.write(rows, segments.day_of(number * DAY), segment)
            writing += time.perf_counter() - began
            bounds = pa.compute.min_max(rows.column("ts")).as_py()
            Segment.objects.create(
                id=segment,
                connection=name,
                source="made",
                day=segments.day_of(number * DAY),
                path=path,
                calls=rows.num_rows,
                bytes=written,
                min_ts=bounds["min"],
                max_ts=bounds["max"],
                received_at=number * DAY,
            )
            total, size = total + rows.num_rows, size + written
            if other is not None:
                file = pq.read_table(segments.absolute(path), partitioning=None)
                named = file.rename_columns(
                    ["shape" if n == segments.SHAPE else n for n in file.column_names]
                )
                text = io.BytesIO()
                pyarrow.csv.write_csv(
                    named.select(_BASELINE), text, pyarrow.csv.WriteOptions(include_header=False)
                )
                with other.cursor().copy("COPY calls FROM STDIN WITH (FORMAT csv)") as copy:
                    copy.write(text.getvalue())
    if other is not None:
        other.execute("ANALYZE calls")
        other.close()
    database.close()
    return total, size, writing


def summarise() -> tuple[float, int]:
    """Build what summaries are missing; gives seconds and bytes."""
    from controlplane.traffic.engine import summaries
    from controlplane.traffic.store import segments

    began = time.perf_counter()
    before = sum(file.stat().st_size for file in segments.folder().rglob("*.summary"))
    while summaries.build(time.time()):
        pass
    after = sum(file.stat().st_size for file in segments.folder().rglob("*.summary"))
    return time.perf_counter() - began, after - before


def questions(first: int, days: int) -> dict[str, Callable[[], Any]]:
    """The questions over the days of one size, by name."""
    from controlplane.traffic import engine
    from controlplane.traffic.types import CallFilter, Window

    window = Window(first * DAY, (first + days) * DAY)
    last_day = Window((first + days - 1) * DAY, (first + days) * DAY)

    def named(within: Window) -> pa.Table:
        found = engine.shapes(within)
        names = pa.compute.binary_join_element_wise(
            found["method"], pa.compute.binary_join_element_wise(found["host"], found["shape"], ""), " "
        )
        return found.select(["host", "method", "shape"]).append_column("endpoint", names)

    return {
        "endpoint percentiles by hour": lambda: engine.endpoint_latency(window, named(window)),
        "distinct principals by day": lambda: engine.principals(window),
        "failed sign-ins per 5 minutes": lambda: engine.failed_sign_ins(window, 300, SIGN_IN),
        "sessions, the longest 1000": lambda: engine.sessions(window),
        "totals": lambda: engine.totals(window),
        "series by hour, one connection": lambda: engine.series(window, 3600, CallFilter(connection="con_1")),
        "sequences of 3, the last day": lambda: engine.sequences(last_day, named(last_day)),
        "sequences of 3, all": lambda: engine.sequences(window, named(window)),
    }


def asked(first: int, days: int, name: str) -> tuple[float, float, float, int, float]:
    """Seconds of the first time and of the best of three, its processor seconds, rows, and peak memory in MB."""
    act = questions(first, days)[name]
    taken, used, rows = [], [], 0
    for _ in range(3):
        began, before = time.perf_counter(), time.process_time()
        rows = act().num_rows
        taken.append(time.perf_counter() - began)
        used.append(time.process_time() - before)
        if taken[0] > 60:
            break
    return taken[0], min(taken), min(used), rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def asked_baseline(name: str) -> float:
    """Seconds of a question to PostgreSQL, best of two."""
    import psycopg

    with psycopg.connect(os.environ["OWNER_DATABASE_URL"], options=_BASELINE_SCHEMA) as other:
        other.execute("SET work_mem = '512MB'")
        taken = []
        for _ in range(2):
            began = time.perf_counter()
            other.execute(_QUESTIONS[name]).fetchall()
            taken.append(time.perf_counter() - began)
    return min(taken)


def measure(position: int, calls: int, options: argparse.Namespace) -> None:
    """Everything of one size."""
    first, days = _FIRST_DAY + position * (options.days + 10), options.days
    baseline = calls in options.baseline
    total, size, writing = apart(fill, first, days, calls, baseline)
    print(
        f"\n{total} calls of {days} days: {size / total:.1f} bytes per call, written at {total / writing:,.0f} calls/s"
    )
    if options.summaries:
        seconds, extra = apart(summarise)
        print(f"summaries: {extra / total:.2f} bytes per call more, built in {seconds:.1f} s")
    heads = f"{'cold':>8s} {'best':>8s} {'CPU s':>8s} {'rows':>8s} {'MB':>6s} {'PostgreSQL':>11s}"
    print(f"{'':32s} {heads}   (load {os.getloadavg()[0]:.1f})")
    for name in questions(first, days):
        cold, best, used, rows, memory = apart(asked, first, days, name)
        beside = f"{apart(asked_baseline, name):11.2f}" if baseline and name in _QUESTIONS else ""
        print(f"{name:32s} {cold:8.2f} {best:8.2f} {used:8.2f} {rows:8d} {memory:6.0f} {beside}", flush=True)


def main() -> None:
    """Measure every size and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, nargs="*", default=[500_000, 5_000_000, 50_000_000])
    parser.add_argument("--baseline", type=int, nargs="*", default=[500_000, 5_000_000])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--no-summaries", dest="summaries", action="store_false")
    options = parser.parse_args()
    with one_tenant():
        for position, calls in enumerate(options.calls):
            measure(position, calls, options)


if __name__ == "__main__":
    main()
