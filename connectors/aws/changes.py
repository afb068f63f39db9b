"""Who changed what: CloudTrail's event history of API Gateway and WAFv2, region by region.

``LookupEvents`` lists the newest first, so time is read in slices and each slice whole. Events arrive up to
about 15 minutes after they happened (CloudTrail User Guide, "How CloudTrail works"): every read begins
``OVERLAP`` before the place the last one reached, and an event read again has the same id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from connectors.aws.session import AwsSession
from connectors.aws.trail_events import Reading, change_of
from connectors.aws.web_acls import CLOUDFRONT_REGION
from connectors.base.capabilities import Cursor
from connectors.base.changes import ConfigChange
from connectors.base.errors import ConnectorError, VendorAnswerError

if TYPE_CHECKING:
    from connectors.aws.manifest import AwsSettings
    from connectors.egress import Egress

GATEWAY: Final = "apigateway.amazonaws.com"
WAF: Final = "wafv2.amazonaws.com"
#: Seconds read again: AWS says 15 minutes, and says "about".
OVERLAP: Final = 1200
#: AWS keeps 90 days; an hour less, so that a slow read does not ask for what is just gone.
OLDEST: Final = 90 * 86_400 - 3600
#: A slice is as long as it can be with so many further pages, so that each takes a minute at our pace …
_PAGES: Final = 60
#: … but no shorter than this many seconds: API Gateway takes at most ten calls a second.
_SHORTEST: Final = 300


class Changes:
    """Reads one account's changes. A region that fails keeps its place while the others go on."""

    def __init__(self, settings: AwsSettings, egress: Egress, *, session: AwsSession | None = None) -> None:
        self._settings = settings
        self._session = session or AwsSession(settings, egress)

    def read_changes(self, cursor: Cursor) -> Iterator[tuple[tuple[ConfigChange, ...], Cursor]]:
        """Slices of time, oldest first, also empty ones. Raises at the end what a region failed with.

        The cursor is ``{"until": {region: epoch seconds}}``, while a read is under way with
        ``"read": {"next", "to", "failed"}``.
        """
        sources: dict[str, tuple[str, ...]] = dict.fromkeys(self._settings.regions, (GATEWAY, WAF))
        sources.setdefault(CLOUDFRONT_REGION, (WAF,))
        now = int(self._session.now().timestamp())
        oldest = max(now - self._settings.changes_backfill_days * 86_400, now - OLDEST)
        reading = Reading(self._settings.account_id, self._settings.blocking_role_arn)
        yield from _Read(self._session, sources, reading, cursor, now, oldest).run()


class _TooMany(Exception):
    """A slice has more pages than are read at once; those read went back to the moment ``reached``."""

    def __init__(self, reached: int) -> None:
        super().__init__(reached)
        self.reached = reached


@dataclass(slots=True)
class _Read:
    session: AwsSession
    sources: Mapping[str, tuple[str, ...]]
    reading: Reading
    cursor: Cursor
    now: int
    oldest: int
    until: dict[str, int] = field(init=False)
    failed: dict[str, ConnectorError | None] = field(default_factory=dict)
    further: int = _PAGES  # pages after the first of each list that this slice may still take

    def __post_init__(self) -> None:
        held = self.cursor.get("until") or {}
        self.until = {region: int(at) for region, at in held.items() if region in self.sources}

    def run(self) -> Iterator[tuple[tuple[ConfigChange, ...], Cursor]]:
        under_way = self.cursor.get("read")
        if under_way:
            start, end = int(under_way["next"]), int(under_way["to"])
            self.failed = dict.fromkeys(entry for entry in under_way["failed"] if entry in self.sources)
        else:
            start, end = min(self._start(region) for region in self.sources), self.now
        width = end + 1 - start
        while start <= end:
            stop = min(start + width, end + 1)
            self.further = _PAGES
            try:
                found = self._slice(start, stop)
            except _TooMany as crowded:
                width = max(min(stop - crowded.reached, (stop - start) // 2), _SHORTEST)
                continue
            yield found, self._position(stop, end)
            start, width = stop, width * 2 if self.further > _PAGES / 2 else width
        for error in self.failed.values():
            if error is not None:
                raise error

    def _start(self, region: str) -> int:
        if region not in self.until:
            return self.oldest
        return max(self.until[region] - OVERLAP, self.now - OLDEST)

    def _position(self, stop: int, end: int) -> dict[str, Any]:
        if stop <= end:
            return {
                "until": dict(self.until),
                "read": {"next": stop, "to": end, "failed": sorted(self.failed)},
            }
        return {
            "until": {**self.until, **{region: end for region in self.sources if region not in self.failed}}
        }

    def _slice(self, start: int, stop: int) -> tuple[ConfigChange, ...]:
        """The changes with ``start <= time < stop`` of every region that has to be read there, oldest first."""
        found: dict[str, ConfigChange] = {}
        for region, services in self.sources.items():
            lower = max(start, self._start(region))
            if region in self.failed or lower >= stop:
                continue
            try:
                for service in services:
                    self._read(found, region, service, lower, stop - 1)
            except ConnectorError as error:
                self.failed[region] = error
        changes = list(found.values())
        changes.reverse()  # AWS lists the newest first; what happened in one second keeps its order
        changes.sort(key=lambda change: change.at)
        return tuple(changes)

    def _read(self, found: dict[str, ConfigChange], region: str, service: str, first: int, last: int) -> None:
        for number, events in enumerate(self._pages(region, service, first, last)):
            self.further -= number > 0
            if self.further < 0 and last - first >= _SHORTEST:
                raise _TooMany(int(events[-1]["EventTime"].timestamp()) if events else first)
            for event in events:
                change = change_of(event, region, self.reading)
                if change is not None:
                    found[change.ref] = change

    def _pages(
        self, region: str, service: str, first: int, last: int
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Events newest first. Both bounds are whole seconds and belong to it, as at AWS."""
        for page in self.session.pages(
            "cloudtrail",
            "LookupEvents",
            region,
            LookupAttributes=[{"AttributeKey": "EventSource", "AttributeValue": service}],
            StartTime=datetime.fromtimestamp(first, UTC),
            EndTime=datetime.fromtimestamp(last, UTC),
        ):
            if "Events" not in page:
                raise VendorAnswerError("AWS answered cloudtrail:LookupEvents without Events.")
            yield page["Events"]
