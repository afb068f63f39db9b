"""The only writers of imports: take a file, then read it into the inventory or the event store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
from django.db import transaction

from connectors.base.calls import CallBatch
from connectors.base.detect import detect, known_formats
from connectors.base.errors import ConnectorError
from connectors.base.formats import CallFormat, ConfigFormat
from connectors.base.stream import head_of
from connectors.file.read import read_calls, read_config
from controlplane.connections import services as connections
from controlplane.imports.models import Import
from controlplane.traffic import services as traffic
from tenants.audit.services import record
from tenants.errors import Invalid, TooLarge
from tenants.ids import new_id
from tenants.isolation.storage import tenant_folder
from tenants.redaction import redacted, redacted_text

#: Size of an upload as sent, bytes.
MAX_UPLOAD_BYTES: Final = 1 << 30
_ROWS_PER_SEGMENT: Final = 50_000
_KEPT_ERRORS: Final = 200


def begin(filename: str, stream: BinaryIO, size: int, host: str, author: str) -> Import:
    """Keep the file and queue its reading. Raises ``Invalid`` at once when no format fits."""
    from controlplane.imports.jobs import read  # jobs imports the services

    if size > MAX_UPLOAD_BYTES:
        raise TooLarge(
            "file-too-large",
            f"The file is larger than {MAX_UPLOAD_BYTES >> 20} MB. Nothing was stored. Split it.",
        )
    offered = detect(head_of(stream), filename)
    if offered is None:
        raise Invalid(
            "format-not-recognised",
            f"The file is none of: {', '.join(known_formats())}. Nothing was stored.",
            fields={"file": ["its format was not recognised"]},
        )
    row = Import(id=new_id("imp"), filename=Path(filename).name[:200], host=host, size=size, author=author)
    row.format, row.format_title = offered.name, offered.title
    with _file(row.id).open("wb") as kept:
        shutil.copyfileobj(stream, kept)
    with transaction.atomic():
        row.save(force_insert=True)
        record(
            "import.begin",
            target=row.id,
            before=None,
            after={"filename": row.filename, "format": row.format},
            reason="",
        )
        read.enqueue(row.id, unique_key=row.id)
    return row


def run(import_id: str) -> None:
    """Read a kept file. Running it again continues: calls already stored count as duplicates."""
    row = Import.objects.filter(pk=import_id).first()
    if row is None or row.state in (Import.State.DONE, Import.State.FAILED):
        return
    row.state = Import.State.RUNNING
    if not row.connection:
        row.connection = connections.create("file", _name(row), {"default_host": row.host or None}).id
    row.save()
    path = _file(row.id)
    try:
        with path.open("rb") as stream:
            offered = detect(head_of(stream), row.filename)
            if isinstance(offered, CallFormat):
                _read_calls(row, stream, offered)
            elif isinstance(offered, ConfigFormat):
                _read_config(row, stream, offered)
    except ConnectorError as error:
        row.state, row.failure = Import.State.FAILED, redacted_text(error.sentence())
    else:
        row.state = Import.State.DONE
    row.finished_at = datetime.now(UTC)
    row.save()
    path.unlink(missing_ok=True)


def _read_calls(row: Import, stream: BinaryIO, offered: CallFormat) -> None:
    for batch in _gathered(read_calls(stream, offered, row.host)):
        accepted = traffic.accept(row.connection, batch, datetime.now(UTC).timestamp())
        row.calls += accepted.stored
        row.duplicates += accepted.duplicates
        row.quarantined += accepted.quarantined
        found = [{"line": entry.line, "detail": entry.reason} for entry in batch.quarantined]
        row.errors = [*row.errors, *found][:_KEPT_ERRORS]
        row.save()
    connections.mark_connected(row.connection, f"{row.calls} calls read from {row.filename}.")


def _gathered(batches: Iterator[CallBatch]) -> Iterator[CallBatch]:
    """Small batches joined into segments worth writing."""
    held: list[CallBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.table.num_rows
        if rows >= _ROWS_PER_SEGMENT:
            yield _joined(held)
            held, rows = [], 0
    if held:
        yield _joined(held)


def _joined(held: list[CallBatch]) -> CallBatch:
    quarantined = tuple(entry for batch in held for entry in batch.quarantined)
    return CallBatch(held[0].source, pa.concat_tables([batch.table for batch in held]), quarantined)


def _read_config(row: Import, stream: BinaryIO, offered: ConfigFormat) -> None:
    loaded = read_config(stream, offered, row.filename, row.host)
    # What is wrong is quoted from the document, and may be the value of a field that was taken for a name.
    row.errors = redacted(
        [{"line": error.line, "detail": error.detail, "pointer": error.pointer} for error in loaded.errors][
            :_KEPT_ERRORS
        ]
    )
    row.quarantined = len(loaded.errors)
    row.routes = len(loaded.snapshot.routes)
    connections.store_snapshot(row.connection, loaded.snapshot, datetime.now(UTC))


def _file(import_id: str) -> Path:
    return tenant_folder("imports") / import_id


def _name(row: Import) -> str:
    return f"{row.filename[:90]} ({row.id[-6:]})"
