"""Windows of Cloud Logging: entries that Google took in between two moments, page by page.

A window is over ``receiveTimestamp``, the time of taking in: an entry that comes late belongs to a later window instead
of being missed. Source: logging v2 discovery document, "Logging query language".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from connectors.base.capabilities import Cursor
from connectors.base.errors import TransientError, VendorAnswerError
from connectors.base.google.api import GoogleApi, Wanted

SECOND: Final = 1_000_000
#: Entries of one answer of entries:list, and how often we ask in one pull (Google allows 60 a minute and project).
LOG_PAGE: Final = 1000
LOG_CALLS: Final = 8
#: How long entries may take to be found after they were taken in, and what is read again in case they took longer.
SETTLE: Final = 30 * SECOND
OVERLAP: Final = 30 * SECOND
#: A pull is worth its call when a window of this length can be read; a window is at most as long as the second.
_SHORTEST: Final = 60 * SECOND
_LONGEST: Final = 3600 * SECOND
#: How far back the first pull reads.
BACKFILL: Final = 86_400 * SECOND
#: An entry is at most this much older than its taking in, as far as we look (this keeps Google's search short).
_OLDEST: Final = 86_400 * SECOND


class _Page(msgspec.Struct):
    entries: list[msgspec.Raw] = []
    nextPageToken: str = ""  # noqa: N815 - Google's name


_decode = msgspec.json.Decoder(_Page)


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where logs are read: Cloud Logging's address (with its version), and a project, folder, organisation or view."""

    api: GoogleApi
    url: str
    resource: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Window:
    """Entries taken in from ``start`` until before ``end`` (µs since the epoch); ``page`` is where to read on in it."""

    start: int
    end: int
    page: str = ""

    def filter(self, chosen: str) -> str:
        """The query of the window for what ``chosen`` selects."""
        return (
            f'{chosen} AND receiveTimestamp>="{_stamp(self.start)}" AND receiveTimestamp<"{_stamp(self.end)}" '
            f'AND timestamp>="{_stamp(self.start - _OLDEST)}"'
        )

    def at(self, page: str) -> Window:
        """The same window at another page."""
        return Window(self.start, self.end, page)


def window_of(cursor: Cursor) -> Window | None:
    """The window a cursor stands in; None when it stands between windows."""
    found = cursor.get("window")
    if not isinstance(found, dict):
        return None
    return Window(int(found["start"]), int(found["end"]), str(found["page"]))


def cursor_of(until: int, window: Window | None) -> dict[str, Any]:
    """Where reading stands: everything taken in before ``until`` was read, and the pages of a window that was begun."""
    if window is None:
        return {"until": until}
    return {"until": until, "window": {"start": window.start, "end": window.end, "page": window.page}}


def pulled(
    source: LogSource, chosen: str, cursor: Cursor, now: datetime
) -> Iterator[tuple[tuple[bytes, ...], Cursor]]:
    """Pages of entries in the order they were taken in, each with the cursor that is true once it is stored.

    Few calls a pull, since Google allows 60 a minute; the next pull reads on, in the middle of a window if need be.
    """
    newest = micros(now) - SETTLE
    until = int(cursor.get("until", newest - BACKFILL))
    window, left = window_of(cursor), LOG_CALLS
    while left > 0:
        if window is None:
            if newest - until < _SHORTEST:
                return
            window = Window(until - OVERLAP, min(newest, until + _LONGEST))
        for entries, following in pages(source, chosen, window):
            left -= 1
            window = window.at(following) if following else window
            until = until if following else window.end
            yield entries, cursor_of(until, window if following else None)
            if left <= 0:
                return
        window = None


def pages(source: LogSource, chosen: str, window: Window) -> Iterator[tuple[tuple[bytes, ...], str]]:
    """The pages of a window from where it stands, each with the token of the next, "" after the last.

    A token that Google no longer takes begins the window anew: entries have ids, so twice is once.
    """
    while True:
        try:
            page = _listed(source, chosen, window)
        except VendorAnswerError:
            if not window.page:
                raise
            window = window.at("")
            page = _listed(source, chosen, window)
        yield tuple(bytes(entry) for entry in page.entries), page.nextPageToken
        if not page.nextPageToken:
            return
        if page.nextPageToken == window.page:
            raise TransientError(
                "Cloud Logging's pages do not go on.", unchanged="What was read so far is kept."
            )
        window = window.at(page.nextPageToken)


def _listed(source: LogSource, chosen: str, window: Window) -> _Page:
    body = {
        "resourceNames": [source.resource],
        "filter": window.filter(chosen),
        "orderBy": "timestamp asc",
        "pageSize": LOG_PAGE,
    }
    if window.page:
        body["pageToken"] = window.page
    answer = source.api.exchange("POST", f"{source.url}/entries:list", source.wanted, body=body)
    try:
        return _decode.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise VendorAnswerError("Cloud Logging's answer is no page of log entries.") from None


def micros(moment: datetime) -> int:
    """Microseconds since the epoch."""
    return round(moment.timestamp() * SECOND)


def _stamp(at: int) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
