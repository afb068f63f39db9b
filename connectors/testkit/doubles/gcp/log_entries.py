"""Cloud Logging: entries, and ``entries:list`` with its filter, order, pages and its 60 calls a minute.

Source: logging v2 discovery document; "Quotas and limits" of Cloud Logging (60 a minute and project, pages of 1,000,
filters of 20,000 characters).
"""

import bisect
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.testkit.doubles.gcp.log_filter import FilterError, parse_filter
from connectors.testkit.doubles.google.discovery import Call
from connectors.testkit.doubles.google.errors import GoogleError, forbidden, invalid
from connectors.testkit.doubles.google.paging import page

_MOST_FILTER = 20_000
_MOST_PAGE = 1000
_MINUTE = 60.0


def stamp(seconds: float) -> str:
    """RFC 3339 with nanoseconds, as Cloud Logging writes times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"


@dataclass
class LogStore:
    """The log entries of one project in the order of their timestamps; ``per_minute`` 0 switches the quota off."""

    project: str
    per_minute: int = 60
    _entries: list[dict[str, Any]] = field(default_factory=list)
    _calls: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, entry: dict[str, Any], at: float | None = None) -> None:
        """Take in an entry; ``at`` is when it happened (seconds since the epoch), now by default."""
        now = time.time()
        entry.setdefault("insertId", secrets.token_hex(8))
        entry["timestamp"] = stamp(now if at is None else at)
        entry["receiveTimestamp"] = stamp(now)
        with self._lock:
            bisect.insort(self._entries, entry, key=lambda held: (held["timestamp"], held["insertId"]))

    def list(self, call: Call) -> Any:
        """``POST /v2/entries:list``."""
        asked = call.body
        names = asked.get("resourceNames") or []
        if not names:
            raise invalid("resource_names must be specified.")
        if len(asked.get("filter", "")) > _MOST_FILTER:
            raise invalid(f"filter is longer than {_MOST_FILTER} characters.")
        size = asked.get("pageSize", 50)
        if size < 0:
            raise invalid("page_size must not be negative.")
        self._admit()
        for name in names:
            if name != f"projects/{self.project}":
                raise forbidden("logging.logEntries.list", name)
        try:
            fits = parse_filter(asked.get("filter", ""))
        except FilterError as error:
            raise invalid(f"Unparseable filter: {error}") from None
        with self._lock:
            found = [entry for entry in self._entries if fits(entry)]
        if asked.get("orderBy", "timestamp asc") not in ("timestamp asc", "timestamp desc"):
            raise invalid("order_by: only 'timestamp asc' and 'timestamp desc' are allowed.")
        if asked.get("orderBy") == "timestamp desc":
            found.reverse()
        question = {key: value for key, value in asked.items() if key not in ("pageToken", "pageSize")}
        items, following = page(found, min(size or 50, _MOST_PAGE), asked.get("pageToken", ""), question)
        answer: dict[str, Any] = {"entries": list(items)} if items else {}
        return answer | ({"nextPageToken": following} if following else {})

    def _admit(self) -> None:
        """One call against the quota of the running minute."""
        if not self.per_minute:
            return
        now = time.monotonic()
        with self._lock:
            self._calls = [at for at in self._calls if at > now - _MINUTE]
            if len(self._calls) >= self.per_minute:
                raise GoogleError(
                    429,
                    "rateLimitExceeded",
                    "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service "
                    "'logging.googleapis.com'.",
                )
            self._calls.append(now)
