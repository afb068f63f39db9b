"""Write and find segment files. Layout: ``<tenant folder>/calls/dt=YYYY-MM-DD/<segment id>.parquet``.

A file is written whole, synced and renamed before its row is committed, so a reader that sees the row can read
the file, and a crash leaves at most a file without a row, which ``orphans`` finds.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from controlplane.traffic.types import MICROSECONDS
from tenants.isolation.storage import tenant_folder

_DAY = 86_400 * MICROSECONDS


def folder() -> Path:
    """The current tenant's folder of calls, made when missing."""
    path = tenant_folder("calls")
    path.mkdir(parents=True, exist_ok=True)
    return path


def day_of(ts: int) -> date:
    """The UTC day of an event time in microseconds."""
    return datetime.fromtimestamp(ts / MICROSECONDS, UTC).date()


def split_by_day(table: pa.Table) -> list[tuple[date, pa.Table]]:
    """The rows of each UTC day, sorted by event time."""
    days = pc.divide(table.column("ts"), _DAY)
    parts = []
    for value in sorted(set(days.to_pylist())):
        rows = table.filter(pc.equal(days, value)).sort_by("ts")
        parts.append((day_of(value * _DAY), rows))
    return parts


def write(table: pa.Table, day: date, segment_id: str) -> tuple[str, int]:
    """Write one durable segment file; returns its path relative to the folder of calls, and its size in bytes."""
    relative = f"dt={day.isoformat()}/{segment_id}.parquet"
    target = folder() / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".tmp")
    with temporary.open("wb") as sink:
        pq.write_table(table, sink, compression="zstd", use_dictionary=True, row_group_size=256_000)
        sink.flush()
        os.fsync(sink.fileno())
    temporary.rename(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return relative, target.stat().st_size


def absolute(relative: str) -> Path:
    """The file of a catalogue path; refuses a path that would leave the tenant's folder."""
    root = folder().resolve()
    path = (root / relative).resolve()
    if not path.is_relative_to(root):
        raise ValueError("a segment path leads out of the tenant's folder")
    return path


def orphans(known: set[str], older_than: float) -> list[Path]:
    """Files no catalogue row names that are older than ``older_than`` (Unix seconds): left by a crash."""
    root = folder()
    return [
        path
        for path in root.glob("dt=*/*")
        if path.relative_to(root).as_posix() not in known and path.stat().st_mtime < older_than
    ]
