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
from connectors.cloudarmor.client import Project
from connectors.cloudarmor.limits import LOG_PAGE
from connectors.cloudarmor.permissions import wanted

SECOND: Final = 1_000_000
#: An entry is at most this much older than its taking in, as far as we look (this keeps Google's search short).
_OLDEST: Final = 86_400 * SECOND


class _Page(msgspec.Struct):
    entries: list[msgspec.Raw] = []
    nextPageToken: str = ""  # noqa: N815 - Google's name


_decode = msgspec.json.Decoder(_Page)


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


def pages(
    project: Project, scope: str, chosen: str, window: Window
) -> Iterator[tuple[tuple[bytes, ...], str]]:
    """The pages of a window from where it stands, each with the token of the next, "" after the last.

    A token that Google no longer takes begins the window anew: entries have ids, so twice is once.
    """
    while True:
        try:
            page = _listed(project, scope, chosen, window)
        except VendorAnswerError:
            if not window.page:
                raise
            window = window.at("")
            page = _listed(project, scope, chosen, window)
        yield tuple(bytes(entry) for entry in page.entries), page.nextPageToken
        if not page.nextPageToken:
            return
        if page.nextPageToken == window.page:
            raise TransientError(
                "Cloud Logging's pages do not go on.", unchanged="What was read so far is kept."
            )
        window = window.at(page.nextPageToken)


def _listed(project: Project, scope: str, chosen: str, window: Window) -> _Page:
    body = {
        "resourceNames": [scope or project.name],
        "filter": window.filter(chosen),
        "orderBy": "timestamp asc",
        "pageSize": LOG_PAGE,
    }
    if window.page:
        body["pageToken"] = window.page
    asked = wanted("logging.logEntries.list")
    answer = project.api.exchange("POST", f"{project.logging}/entries:list", asked, body=body)
    try:
        return _decode.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise VendorAnswerError("Cloud Logging's answer is no page of log entries.") from None


def micros(moment: datetime) -> int:
    """Microseconds since the epoch."""
    return round(moment.timestamp() * SECOND)


def _stamp(at: int) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
