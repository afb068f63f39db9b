"""Calls per second and core from gzipped JSON lines to a durable segment with features on, beside two other pipelines.

``python -m benchmarks.ingest [FILE…]`` starts a PostgreSQL of its own in a temporary folder and takes each file (and two
generated logs) through the product's own functions: unpack, parse and normalise (``connectors.file``), then
``traffic.services.accept``: duplicates, signatures, field types, data classes, redaction, a synced segment file, its
catalogue row. In the same run, on the same lines: ``json.loads`` with INSERT and with COPY, and rsyslog.

Processor seconds are those of this process and of PostgreSQL together, everything pinned to one core.
``--soak MINUTES`` runs without end on new calls and prints how memory grows.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.database import one_tenant
from benchmarks.ingestion import peers
from benchmarks.ingestion.costs import Cost, counted, family, forget_peak, memory, slope
from benchmarks.ingestion.logs import SHAPES, Log

if TYPE_CHECKING:
    from connectors.base.calls import CallBatch

_ROWS_PER_BATCH = 50_000
_DOORS_MEASURED = 6


@dataclass(slots=True)
class Run:
    """One file through the product: what became of its calls, and what that cost."""

    read: Cost = field(default_factory=Cost)
    accepted: Cost = field(default_factory=Cost)
    door: Cost = field(default_factory=Cost)
    through_door: int = 0
    stored: int = 0
    duplicates: int = 0
    quarantined: int = 0
    with_hits: int = 0
    peak: float = 0.0

    @property
    def processor(self) -> float:
        """Processor seconds of the whole way; measuring the door apart is not in it."""
        return self.read.processor + self.accepted.processor

    @property
    def lines(self) -> int:
        """Every record that was read."""
        return self.stored + self.duplicates + self.quarantined


def batches(file: Path) -> Iterator[CallBatch]:
    """What an import reads of a file, joined into batches of the size it hands over."""
    import pyarrow as pa

    from connectors.base.calls import CallBatch
    from connectors.base.detect import detect
    from connectors.base.formats import CallFormat
    from connectors.base.stream import head_of
    from connectors.file.read import read_calls

    with file.open("rb") as stream:
        offered = detect(head_of(stream), file.name.removesuffix(".gz"))
        if not isinstance(offered, CallFormat):
            raise SystemExit(f"{file} is no log that the product can read.")
        held: list[CallBatch] = []
        for batch in read_calls(stream, offered):
            held.append(batch)
            if sum(one.table.num_rows for one in held) >= _ROWS_PER_BATCH:
                yield CallBatch(
                    offered.name,
                    pa.concat_tables([b.table for b in held]),
                    sum((b.quarantined for b in held), ()),
                )
                held = []
        if held:
            yield CallBatch(
                offered.name,
                pa.concat_tables([b.table for b in held]),
                sum((b.quarantined for b in held), ()),
            )


def ingest(file: Path, connection: str, server: int) -> Run:
    """Take one file all the way; the door alone is measured on some batches besides."""
    from controlplane.traffic import services
    from controlplane.traffic.door import DoorKeys, prepare
    from tenants.vault.services import hasher

    run, source = Run(), batches(file)
    hashed = hasher()
    keys = DoorKeys(hashed, hashed("redaction", "door").encode())

    def elsewhere() -> float:
        return family(server)

    forget_peak()
    measured = 0
    while True:
        with counted(run.read):
            batch = next(source, None)
        if batch is None:
            break
        with counted(run.accepted, elsewhere):
            answer = services.accept(connection, batch, time.time())
        run.stored, run.duplicates = run.stored + answer.stored, run.duplicates + answer.duplicates
        run.quarantined += answer.quarantined
        if measured < _DOORS_MEASURED and batch.table.num_rows:
            measured += 1
            with counted(run.door):
                ready = prepare(batch.table, connection, 0, keys)
            run.through_door += ready.num_rows
            run.with_hits += sum(1 for score in ready.column("signature_score").to_pylist() if score)
    run.peak = memory()[1]
    return run


def unpack_seconds(file: Path) -> float:
    """Processor seconds of unpacking and splitting into lines alone."""
    from connectors.base.stream import chunks, line_batches

    cost = Cost()
    with file.open("rb") as stream, counted(cost):
        for _ in line_batches(chunks(stream)):
            pass
    return cost.processor


def rate(calls: int, seconds: float) -> str:
    """Calls per second, readable."""
    return f"{calls / seconds:>11,.0f}" if seconds > 0 else "          –"


def report(name: str, file: Path, run: Run) -> float:
    """Print a run stage by stage; gives its calls per processor second."""
    unpacking = unpack_seconds(file)
    door = run.door.processor / max(1, run.through_door) * run.stored
    writing = max(1e-9, run.accepted.processor - door)
    wall = run.read.wall + run.accepted.wall
    hits = run.with_hits / max(1, run.through_door)
    print(
        f"\n{name}: {run.lines:,} lines, {run.stored:,} stored, {run.duplicates:,} duplicates, {run.quarantined:,}"
        f" quarantined; {hits:.1%} have signature hits"
    )
    for stage, seconds in (
        ("unpack, split into lines", unpacking),
        ("parse and normalise", run.read.processor - unpacking),
        ("door (features, classes, redaction)", door),
        ("duplicates, synced segment, catalogue row", writing),
    ):
        print(
            f"  {stage:44s}{rate(run.lines, seconds)} calls/s  {seconds / max(1, run.lines) * 1e6:6.2f} µs/call"
        )
    print(f"  {'THE WHOLE, per core':44s}{rate(run.lines, run.processor)} calls/s  "
          f"{run.processor / max(1, run.lines) * 1e6:6.2f} µs/call")  # fmt: skip
    print(
        f"  {'the whole, by the clock':44s}{rate(run.lines, wall)} calls/s   peak memory {run.peak:,.0f} MB"
    )
    return run.lines / run.processor


def compare(file: Path, shape: str, calls: int, ours: float, url: str, server: int, folder: Path) -> None:
    """The other pipelines on the same lines."""
    print(
        "\nothers on the same lines, without features, redaction or refusal of duplicates (processor time of all):"
    )

    def show(name: str, cost: Cost, done: int) -> None:
        speed = done / cost.processor if cost.processor else 0.0
        ratio = f"ours is {ours / speed:5.1f} × that" if speed else "nothing was written"
        print(
            f"  {name:44s}{rate(done, cost.processor)} calls/s per core, {rate(done, cost.wall).strip()} by the clock;"
            f" {ratio}", flush=True,
        )  # fmt: skip

    show("json.loads → executemany(INSERT)", peers.inserted(file, url, server), calls)
    show("json.loads → COPY", peers.copied(file, url, server), calls)
    if not peers.has_rsyslog():
        print(f"  RSYSLOG IS NOT COMPARED — {peers.RSYSLOG_HINT}")
        return
    plain = folder / "plain.jsonl"
    with gzip.open(file, "rb") as packed, plain.open("wb") as lines:
        shutil.copyfileobj(packed, lines)
    work = folder / "rsyslog"
    work.mkdir(exist_ok=True)
    cost, done = peers.rsyslog_to_file(plain, shape, calls, work)
    show(f"rsyslog mmjsonparse → file ({done:,} of {calls:,})", cost, done)
    shutil.rmtree(work)
    work.mkdir()
    cost, done = peers.rsyslog_to_postgres(plain, shape, calls, work, url, server)
    show(f"rsyslog mmjsonparse → ompgsql ({done:,} of {calls:,})", cost, done)


def soak(minutes: float, shape: str, attacks: float, folder: Path) -> None:
    """New calls again and again until the time is over; prints memory every ten seconds and its slope."""
    from controlplane.traffic import services

    log, file, points = Log(shape, attacks), folder / "soak.jsonl.gz", list[tuple[float, float]]()
    cost, calls, began, shown = Cost(), 0, time.monotonic(), 0.0
    while (at := time.monotonic() - began) < minutes * 60:
        file.write_bytes(log.packed(_ROWS_PER_BATCH))
        with counted(cost):
            for batch in batches(file):
                calls += services.accept("con_soak", batch, time.time()).stored
        if at - shown >= 10 or not points:
            shown = at
            points.append((at / 60, memory()[0]))
            print(f"  {at:6.0f} s {calls:12,} calls {rate(calls, cost.processor)} calls/s per core, {points[-1][1]:7.0f} MB",
                  flush=True)  # fmt: skip
    late = points[len(points) // 2 :]
    print(
        f"soak: {calls:,} calls in {minutes:g} min; memory grows by {slope(late):.2f} MB/min over the second half"
    )


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Everything inside one tenant."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    server = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    os.sched_setaffinity(server, {options.core})
    if options.soak:
        soak(options.soak, options.shape, options.attacks, folder)
        return
    warm = folder / "warm.jsonl.gz"
    Log(options.shape, options.attacks, seed=1, start=1_700_000_000_000).write(warm, 2_000)
    ingest(warm, "con_warm", server)
    for number, given in enumerate(options.files):
        file = given
        if given.suffix != ".gz":
            file = folder / f"{number}-{given.name}.gz"
            file.write_bytes(gzip.compress(given.read_bytes(), 6))
        report(str(given), file, ingest(file, f"con_given{number}", server))
    speeds, first = {}, folder / f"{options.growth[0]}.jsonl.gz"
    for calls in options.growth:
        file = folder / f"{calls}.jsonl.gz"
        size = Log(options.shape, options.attacks).write(file, calls)
        title = f"generated, {options.shape}, {options.attacks:.0%} attacks, {size:.0f} bytes a line"
        run = ingest(file, f"con_grown{calls}", server)
        speeds[calls] = report(title, file, run), run.peak
    print("\nas the work grows:")
    for calls, (speed, peak) in speeds.items():
        print(f"  {calls:>12,} calls {speed:>11,.0f} calls/s per core   peak memory {peak:,.0f} MB")
    if not options.alone:
        sample = options.growth[0]
        compare(
            first, options.shape, sample, speeds[sample][0], os.environ["OWNER_DATABASE_URL"], server, folder
        )


def main() -> None:
    """Read the arguments, pin this process to one core, start a database and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="*", help="logs, plain or gzip")
    parser.add_argument("--shape", choices=SHAPES, default="kong", help="of generated logs")
    parser.add_argument(
        "--attacks", type=float, default=0.02, help="share of generated calls with an attack in them"
    )
    parser.add_argument(
        "--growth", type=int, nargs="+", default=[20_000, 200_000, 2_000_000], metavar="CALLS"
    )
    parser.add_argument("--alone", action="store_true", help="do not run the pipelines it is compared with")
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the one to run on")
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.core})
    print(
        json.dumps(
            {
                "core": options.core,
                "cores": os.cpu_count(),
                "shape": options.shape,
                "attacks": options.attacks,
            }
        )
    )
    with one_tenant(), tempfile.TemporaryDirectory() as folder:
        measure(options, Path(folder))


if __name__ == "__main__":
    main()
