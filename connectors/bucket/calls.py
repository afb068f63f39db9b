"""Pull calls from the objects of a bucket, loss-free and restartable.

A pass lists every prefix to its end and reads what was not finished before; ``position.py`` says what is remembered.
The cursor that goes with a batch counts only what is in that batch or before it, so a crash makes us read a part
again and never leave one out; what is read twice has the same call ids and is dropped at the door.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import NORMALISED_SCHEMA, CallBatch, Quarantined, RawBatch
from connectors.base.capabilities import Cursor
from connectors.base.columns import quarantined, whole
from connectors.base.errors import ConnectorError
from connectors.base.formats import CallFormat, file_formats
from connectors.base.model import ConfigSnapshot
from connectors.bucket.passes import UNREAD, Pass, shown
from connectors.bucket.position import Place, Position
from connectors.bucket.provider import store_of
from connectors.bucket.stores import Store

if TYPE_CHECKING:
    from connectors.bucket.manifest import BucketSettings
    from connectors.egress import Egress


class Calls:
    """The pull-calls capability."""

    def __init__(
        self,
        settings: BucketSettings,
        egress: Egress,
        *,
        store: Store | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._store = store or store_of(settings, egress)
        self._clock = clock

    def read_calls(
        self, cursor: Cursor, snapshot: ConfigSnapshot | None
    ) -> Iterator[tuple[RawBatch, Cursor]]:
        """Batches with the cursor that is true once each is stored.

        A prefix that fails keeps its place; the others are read first, then its error is raised.
        """
        position = Position.of(cursor)
        templates = self._settings.prefixes
        position.places = {template: position.places.get(template, Place()) for template in templates}
        failed: ConnectorError | None = None
        for template in templates:
            try:
                yield from Pass(self._settings, self._store, self._clock, position, template).run()
            except ConnectorError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls by the format that ``batch.source`` names; what is set aside names its object."""
        if batch.source == UNREAD:
            reason = batch.context.get("reason", "the object could not be read")
            aside = tuple(
                Quarantined(reason, shown(record.decode(errors="replace"))) for record in batch.records
            )
            return CallBatch(UNREAD, NORMALISED_SCHEMA.empty_table(), aside)
        offered = file_formats().get(batch.source)
        if not isinstance(offered, CallFormat):
            reason = f"no reader for {batch.source}"
            bad = tuple(quarantined(record, reason) for record in batch.records)
            return CallBatch(batch.source, NORMALISED_SCHEMA.empty_table(), bad)
        return _placed(batch, offered.normalise(batch))


def _placed(batch: RawBatch, calls: CallBatch) -> CallBatch:
    """The calls with the batch's host where they name none, and what was set aside with its line and object."""
    table, host = calls.table, batch.context.get("host", "")
    if host and table.num_rows:
        place = NORMALISED_SCHEMA.get_field_index("host")
        named = pc.fill_null(table.column(place), pa.scalar(host.lower()))
        table = table.set_column(place, NORMALISED_SCHEMA.field(place), named)
    base = whole(batch.context.get("base")) or 0
    name = shown(batch.context.get("object", ""))
    aside = tuple(
        replace(entry, line=entry.line - base if entry.line else None, excerpt=f"{name}: {entry.excerpt}")
        for entry in calls.quarantined
    )
    return CallBatch(calls.source, table, aside)
