"""Write and find segment files. Layout: ``<tenant folder>/calls/dt=YYYY-MM-DD/<segment id>.parquet``.

A segment holds ``CALL_SCHEMA`` in order of event time, and behind it what the store derives (``SHAPE``). Beside it may
lie its summaries (``<segment id>.<kind>.summary``), each made of that segment alone and removed with it.
docs/event-store.md describes the layout for other readers.

A crash leaves at most a file without a row, which ``orphans`` finds.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.base.calls import CALL_SCHEMA
from controlplane.traffic.store import files
from controlplane.traffic.store.shapes import SHAPE_VERSION, shapes
from controlplane.traffic.types import MICROSECONDS
from tenants.isolation.storage import tenant_folder

#: The derived column of a segment; another version is another column, so that old files read as "not known".
SHAPE: Final = f"shape_v{SHAPE_VERSION}"
SEGMENT_SCHEMA: Final = CALL_SCHEMA.append(pa.field(SHAPE, pa.string()))

_DAY = 86_400 * MICROSECONDS
#: Nearly every value differs: a dictionary would be as large as the column.
_PLAIN: Final = frozenset(
    {"call_id", "path", "query", "ts", "received_at", "request_bytes", "response_bytes"}
)
_DICTIONARY: Final = [name for name in SEGMENT_SCHEMA.names if name not in _PLAIN]
#: Sorted or nearly sorted integers: differences take fewer bytes.
_ENCODINGS: Final = {"ts": "DELTA_BINARY_PACKED", "received_at": "DELTA_BINARY_PACKED"}
_ROW_GROUP: Final = 256_000
_SUMMARY: Final = ".summary"


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
    with files.durable(target) as sink:
        pq.write_table(
            table.select(CALL_SCHEMA.names).append_column(SHAPE, shapes(table.column("path"))),
            sink,
            compression="zstd",
            use_dictionary=_DICTIONARY,
            column_encoding=_ENCODINGS,
            row_group_size=_ROW_GROUP,
        )
    return relative, target.stat().st_size


def summary(segment: Path, kind: str) -> Path:
    """Where a segment's summary of this kind lies, whether or not it was made."""
    return segment.with_name(f"{segment.stem}.{kind}{_SUMMARY}")


def remove(relative: str) -> None:
    """Delete a segment's file and its summaries; nothing happens when they are gone already."""
    path = absolute(relative)
    for made in path.parent.glob(f"{path.stem}.*{_SUMMARY}"):
        made.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def absolute(relative: str) -> Path:
    """The file of a catalogue path; refuses a path that would leave the tenant's folder."""
    root = folder().resolve()
    path = (root / relative).resolve()
    if not path.is_relative_to(root):
        raise ValueError("a segment path leads out of the tenant's folder")
    return path


@lru_cache(maxsize=65_536)
def has_shape(file: Path) -> bool:
    """Whether a segment was written with this version's shapes; a segment never changes."""
    return SHAPE in pq.read_schema(file).names


def orphans(known: set[str], older_than: float) -> list[Path]:
    """Files no catalogue row names that are older than ``older_than`` (Unix seconds): left by a crash.

    A summary belongs to its segment and goes when no row names that.
    """
    return files.orphans(folder(), known, older_than, _segment_of)


def _segment_of(path: Path) -> Path:
    return path.with_name(f"{path.name.partition('.')[0]}.parquet") if path.suffix == _SUMMARY else path
