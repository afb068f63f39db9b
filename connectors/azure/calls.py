"""Pull records from a Log Analytics workspace, and receive those that something in the subscription forwards.

How the cursor works. Every record has the time the workspace took it in. A pull covers what was taken in until a while
ago, in windows that shrink when they hold more than an answer does; it begins a little before the last one ended, because
records become visible late. The time is the workspace's: a clock of ours that is ahead would pass over what comes until
then. What is read twice has the same call id and is dropped at the door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from connectors.azure.manifest import AzureSettings
from connectors.azure.records import SOURCE, read, split
from connectors.azure.workspace import CATEGORIES, TooManyRows, Workspace
from connectors.base.calls import CallBatch, RawBatch
from connectors.base.capabilities import Cursor
from connectors.base.identity import Identity
from connectors.base.model import ConfigSnapshot
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.egress import Egress

#: Access and firewall records of one request are taken in at different times; what is younger is left for later.
SETTLE: Final = timedelta(minutes=5)
#: How late a record may become visible after the time it was taken in.
OVERLAP: Final = timedelta(minutes=5)
#: How far back the first pull reads.
BACKFILL: Final = timedelta(days=7)
_WIDEST, _NARROWEST = timedelta(hours=6), timedelta(seconds=1)


class Calls(Receiver):
    """Reads the workspace of the settings, if there is one, and takes what a forwarder pushes."""

    joins = True

    def __init__(
        self,
        settings: AzureSettings,
        egress: Egress,
        identity: Identity | None = None,
        *,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._workspace = Workspace(settings, egress, identity) if settings.workspace_id else None
        self._clock = clock

    def read_calls(
        self, cursor: Cursor, snapshot: ConfigSnapshot | None
    ) -> Iterator[tuple[RawBatch, Cursor]]:
        """Windows of ingestion time, oldest first, each with the cursor that is true once it is stored."""
        if self._workspace is None:
            return
        end = (self._clock or self._workspace.now)() - SETTLE
        reached = cursor.get("until")
        until = datetime.fromisoformat(reached) if reached else None
        start = until - OVERLAP if until else end - BACKFILL
        width = _WIDEST
        while start < end:
            stop = min(start + width, end)
            try:
                found = self._window(self._workspace, start, stop)
            except TooManyRows:
                if width <= _NARROWEST:
                    raise
                width = max(width / 4, _NARROWEST)
                continue
            if found or stop >= end:
                yield RawBatch(SOURCE, tuple(found)), {"until": stop.isoformat()}
            start, width = stop, min(width * 2, _WIDEST)

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The records of one push: ``{"records":[…]}``, an array of either, or one per line."""
        found: list[bytes] = []
        for record in json_records(body, "records of Azure Monitor as JSON"):
            inside = split(record)
            found += (record,) if inside is None else inside
        return RawBatch(SOURCE, tuple(found))

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a record that cannot be read is quarantined with its reason."""
        return read(batch)

    @staticmethod
    def _window(workspace: Workspace, start: datetime, stop: datetime) -> list[bytes]:
        """The records of all tables in one window together, so that both records of a request meet."""
        return [record for table in CATEGORIES for record in workspace.records(table, start, stop)]
