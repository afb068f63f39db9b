"""The raw window: sealed files of records as they came, kept some hours so that new signatures can look back.

A file holds frames, each 4 bytes of length (big endian) and MessagePack ``{id, day, sealed}``. Like a segment it is
written whole and synced before its row is committed; unlike a segment it is deleted the moment its time is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import msgspec
from django.db import transaction
from django.db.models import Min, Sum

from connectors.base.calls import RawBatch
from controlplane.traffic import clock
from controlplane.traffic.models import RawFile, RawWindow
from controlplane.traffic.raw import frames
from controlplane.traffic.raw.keys import bond, key_of, shred
from controlplane.traffic.store import files, turns
from controlplane.traffic.types import MICROSECONDS, Window
from tenants.audit.services import record
from tenants.errors import Invalid
from tenants.ids import new_id
from tenants.isolation.storage import tenant_folder

#: Hours raw records are kept unless a workspace says otherwise; 0 keeps none.
DEFAULT_HOURS: Final = 72
MAX_HOURS: Final = 30 * 24
#: A file without a row that is older than this was left by a crash, seconds.
_ORPHAN_SECONDS: Final = 3600
#: A key outlives its day by this: a push sealed a moment before midnight may commit after it.
_SETTLED_SECONDS: Final = 86_400


class Frame(msgspec.Struct, frozen=True):
    """One sealed batch: the id and the day of the key it is bound to."""

    id: str
    day: date
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """The raw window: how many hours it keeps, what it holds, and when the oldest of it came (µs)."""

    hours: int
    records: int
    bytes: int
    oldest: int | None
    default_hours: int = DEFAULT_HOURS
    max_hours: int = MAX_HOURS


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame).decode


def hours() -> int:
    """How long this workspace keeps raw records."""
    held = RawWindow.objects.values_list("hours", flat=True).first()
    return DEFAULT_HOURS if held is None else held


def set_hours(wanted: int) -> None:
    """Keep raw records this long from now on, 0 to ``MAX_HOURS``; what is older goes with the next sweep."""
    from controlplane.traffic.jobs import sweep  # jobs import the services

    if not 0 <= wanted <= MAX_HOURS:
        raise Invalid(
            "raw-window-out-of-range",
            f"Raw records can be kept from 0 to {MAX_HOURS} hours. Nothing was changed.",
            fields={"hours": [f"must be from 0 to {MAX_HOURS}"]},
        )
    with transaction.atomic():
        before = hours()
        record("traffic.raw-window", "raw-window", before={"hours": before}, after={"hours": wanted})
        RawWindow.objects.update_or_create(id=1, defaults={"hours": wanted})
        sweep.enqueue(unique_key="raw-window")


def kept() -> Kept:
    """What the window holds now."""
    found = RawFile.objects.aggregate(records=Sum("records"), bytes=Sum("bytes"), oldest=Min("received_at"))
    return Kept(hours(), found["records"] or 0, found["bytes"] or 0, found["oldest"])


def day_of(now: float) -> date:
    """The UTC day whose key seals now."""
    return datetime.fromtimestamp(now, UTC).date()


def sealed(connection_id: str, frame_id: str, batch: RawBatch, now: float) -> Frame:
    """The batch sealed under today's key."""
    day = day_of(now)
    return Frame(
        frame_id, day, frames.seal(frames.pack(batch), key_of(day), bond(connection_id, frame_id, day))
    )


def opened(connection_id: str, frame: Frame) -> RawBatch:
    """The batch of a frame; ``ValueError`` when it was changed or moved."""
    packed = frames.unseal(frame.sealed, key_of(frame.day), bond(connection_id, frame.id, frame.day))
    return frames.unpack(packed)


def keep(connection_id: str, batch: RawBatch, now: float) -> None:
    """Keep records that were just read, in the caller's transaction; nothing when the window is off."""
    if batch.records and hours():
        frame = sealed(connection_id, new_id("raw"), batch, now)
        write(connection_id, [frame], len(batch.records), now)


def write(connection_id: str, batch: Sequence[Frame], records: int, now: float) -> None:
    """Write frames of one connection as one file, in the caller's transaction. Frames of one day at a time."""
    turns.writing()
    received_at = clock.received_at(now)
    for day in sorted({frame.day for frame in batch}):
        file_id = new_id("raw")
        relative = f"dt={day.isoformat()}/{file_id}.frames"
        content = b"".join(_framed(frame) for frame in batch if frame.day == day)
        with files.durable(_root() / relative) as sink:
            sink.write(content)
        RawFile.objects.create(
            id=file_id,
            connection=connection_id,
            key_day=day,
            path=relative,
            records=records,
            bytes=len(content),
            received_at=received_at,
        )
        records = 0  # counted once


def read(window: Window, connection_id: str | None = None) -> Iterator[tuple[str, RawBatch]]:
    """Connection and records of everything received in the window, oldest first."""
    rows = RawFile.objects.filter(received_at__gte=window.start, received_at__lt=window.end)
    if connection_id is not None:
        rows = rows.filter(connection=connection_id)
    for row in rows.order_by("received_at", "id"):
        try:
            content = (_root() / row.path).read_bytes()
        except FileNotFoundError:  # its time was over meanwhile
            continue
        position = 0
        while position < len(content):
            size = int.from_bytes(content[position : position + 4], "big")
            position += 4 + size
            yield row.connection, opened(row.connection, _decode(content[position - size : position]))


def expire(now: float) -> int:
    """Delete what is older than the window, keys of emptied days too; returns how many files went."""
    limit = int((now - hours() * 3600) * MICROSECONDS)
    with transaction.atomic():
        rows = list(RawFile.objects.filter(received_at__lt=limit))
        RawFile.objects.filter(pk__in=[row.pk for row in rows]).delete()
        shred(day_of(now - _SETTLED_SECONDS))
    for row in rows:
        (_root() / row.path).unlink(missing_ok=True)
    _delete_orphans(now)
    return len(rows)


def _delete_orphans(now: float) -> None:
    with transaction.atomic():
        if not turns.nobody_writes():
            return
        known = set(RawFile.objects.values_list("path", flat=True))
        for path in files.orphans(_root(), known, now - _ORPHAN_SECONDS):
            path.unlink(missing_ok=True)


def _root() -> Path:
    return tenant_folder("raw")


def _framed(frame: Frame) -> bytes:
    content = _encode(frame)
    return len(content).to_bytes(4, "big") + content
