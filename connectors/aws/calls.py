"""Pull calls from access logs and WAF logs, loss-free, restartable, one call per request.

How the cursor works. Every event has the time AWS took it in. A pull covers, per source, the events that arrived
in ``[until, to)`` with ``to = now - settle``; event times only narrow what is asked for, with an overlap for late
ones. So each event belongs to exactly one pull and no list of seen ids is needed; what a crash makes us read twice
has the same call id and is dropped at the door. A long first pull goes slice by slice of event time and can be
resumed between slices. ``now`` is AWS's: a clock of ours that is ahead would pass over what arrives until it is caught up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from connectors.aws.config import Config
from connectors.aws.firehose import FirehoseReceiver, parse
from connectors.aws.log_pairing import Batches, Fetched, pair
from connectors.aws.log_reading import LogEvent, folder_events, group_events
from connectors.aws.log_sources import LogSources, log_sources
from connectors.aws.normalise import normalise
from connectors.aws.session import AwsSession
from connectors.base.calls import CallBatch, RawBatch
from connectors.base.capabilities import Cursor
from connectors.base.errors import ConnectorError
from connectors.base.model import ConfigSnapshot

if TYPE_CHECKING:
    from connectors.aws.manifest import AwsSettings
    from connectors.egress import Egress

_SECOND: Final = 1000
#: How late after it happened an event may arrive.
OVERLAP: Final = 600 * _SECOND
#: How far back the first pull reads.
BACKFILL: Final = 7 * 86_400 * _SECOND
#: The two records of one request are at most this far apart (a request takes up to 29 s, WebSockets aside).
APART: Final = 60 * _SECOND
#: A WAF file's lines are up to a period older than the file's folder says they begin.
FILE_PERIOD: Final = 300 * _SECOND
#: A WAF record waits this long for its access line before it becomes a call of its own.
PAIRING: Final = 60 * _SECOND
_SLICE: Final = 6 * 3600 * _SECOND
_BUSY: Final = 50_000


class Calls(FirehoseReceiver):
    """Reads an account's logs, takes what Firehose pushes, and turns their records into neutral calls."""

    joins = True

    def __init__(
        self,
        settings: AwsSettings,
        egress: Egress,
        *,
        session: AwsSession | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._session = session or AwsSession(settings, egress)
        self._clock = clock or self._session.now

    def read_calls(
        self, cursor: Cursor, snapshot: ConfigSnapshot | None
    ) -> Iterator[tuple[RawBatch, Cursor]]:
        """Batches with the cursor that is true once each is stored.

        A source that fails keeps its old position; the others are read first, then its error is raised.
        """
        known = snapshot or Config(self._settings, self._egress, session=self._session).read_config()
        to = int(self._clock().timestamp() * _SECOND) - self._settings.settle_seconds * _SECOND
        file_delay = self._settings.waf_file_delay_seconds * _SECOND
        yield from _Pull(self._session, log_sources(known), cursor, to, file_delay).run()

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The records of one Firehose delivery."""
        return parse(body)

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls of a batch; never raises for a bad record."""
        return normalise(batch)


@dataclass
class _Pull:
    """One pull over all sources up to the arrival time ``to`` (ms)."""

    session: AwsSession
    sources: LogSources
    cursor: Mapping[str, Any]
    to: int
    file_delay: int  # ms an access line waits for a WAF record that is delivered in files
    failed: dict[str, ConnectorError | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.until: dict[str, int] = {key: int(at) for key, at in (self.cursor.get("until") or {}).items()}
        self.waits = self._waits()
        progress = self.cursor.get("pull") or {}
        self.resume: int | None = progress.get("next")
        if self.resume is not None:
            self.to = int(progress["to"])
            self.failed.update(dict.fromkeys(progress.get("failed") or ()))

    def run(self) -> Iterator[tuple[RawBatch, Cursor]]:
        """Slices of event time, oldest first."""
        names = self.sources.names()
        if not names:
            return
        end = self.to + OVERLAP
        start = self.resume if self.resume is not None else min(self._start(key) for key in names)
        width = _SLICE
        position: Cursor = dict(self.cursor)
        while start < end:
            stop = min(start + width, end)
            batches = self._slice(start, stop)
            following = self._position(stop, done=stop >= end)
            made = list(batches.made())
            for number, batch in enumerate(made, 1):
                yield batch, following if number == len(made) else position
            if not made and stop >= end and following != self.cursor:
                yield RawBatch("aws.access", ()), following
            width = max(width // 2, 60 * _SECOND) if batches.count > _BUSY else min(width * 2, 4 * _SLICE)
            start, position = stop, following
        for error in self.failed.values():
            if error is not None:
                raise error

    def _position(self, stop: int, *, done: bool) -> dict[str, Any]:
        if not done:
            progress = {"to": self.to, "next": stop, "failed": sorted(self.failed)}
            return {"until": dict(self.until), "pull": progress}
        read = {key: self.to for key in self.sources.names() if key not in self.failed}
        return {"until": {**self.until, **read}}

    def _waits(self) -> dict[str, int]:
        """How long after its arrival an event of a source may still be needed: by itself or by its partner."""
        waits = dict.fromkeys((group.key for group in self.sources.waf_groups), PAIRING)
        waits |= dict.fromkeys((folder.key for folder in self.sources.waf_folders), PAIRING + self.file_delay)
        for group in self.sources.access:
            waits[group.key] = self.file_delay if any(entry.waf == "s3" for entry in group.stages) else 0
        return waits

    def _start(self, key: str) -> int:
        """From which event time on a source is read."""
        if key not in self.until:
            return self.to - BACKFILL
        return self.until[key] - OVERLAP - self.waits[key]

    def _arrived_since(self, key: str) -> int:
        """Files that arrived earlier hold nothing that is still needed."""
        return self.until[key] - self.waits[key] - APART if key in self.until else 0

    def _slice(self, start: int, stop: int) -> Batches:
        access: list[Fetched] = []
        waf: list[Fetched] = []
        for group in self.sources.access:
            margin = APART if any(entry.waf for entry in group.stages) else 0
            read = self._fetch(group.key, start, stop, margin, partial(group_events, self.session, group))
            access.append(
                Fetched(group, read, self._owned(group.key, read, start, stop, self.waits[group.key]))
            )
        for group in self.sources.waf_groups:
            read = self._fetch(group.key, start, stop, APART, partial(group_events, self.session, group))
            waf.append(self._waf(group.key, read, start, stop))
        for folder in self.sources.waf_folders:
            margin = APART + FILE_PERIOD
            read = self._fetch(
                folder.key,
                start,
                stop,
                margin,
                partial(folder_events, self.session, folder, self._arrived_since(folder.key)),
            )
            waf.append(self._waf(folder.key, read, start, stop))
        return pair(access, waf, self.sources.stages)

    def _waf(self, key: str, read: Sequence[LogEvent], start: int, stop: int) -> Fetched:
        own = self._owned(key, read, start, stop, 0)
        return Fetched(None, read, own, self._owned(key, read, start, stop, PAIRING))

    def _fetch(
        self, key: str, start: int, stop: int, margin: int, read: Callable[[int, int], list[LogEvent]]
    ) -> list[LogEvent]:
        lower = max(start, self._start(key))
        if lower >= stop or key in self.failed:
            return []
        try:
            found = read(lower - margin, stop + margin)
        except ConnectorError as error:
            self.failed[key] = error
            return []
        return [event for event in found if event.arrived < self.to]

    def _owned(
        self, key: str, events: Sequence[LogEvent], start: int, stop: int, delay: int
    ) -> frozenset[str]:
        """Ids of the events that belong to this slice of this pull when they have to wait ``delay``."""
        since = self.until.get(key)
        return frozenset(
            event.id
            for event in events
            if start <= event.at < stop
            and event.arrived < self.to - delay
            and (since is None or event.arrived >= since - delay)
        )
