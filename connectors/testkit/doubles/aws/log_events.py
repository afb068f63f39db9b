"""CloudWatch Logs events: written in batches, read back with ``FilterLogEvents`` in bounded pages.

moto's own FilterLogEvents sorts every event of a group on each page. Here an event is found by bisection on
its timestamp. Semantics from the CloudWatch Logs API reference: at most 10,000 events or 1 MB per page, an
opaque ``nextToken``, and pages that are empty though more follow; events outside the accepted 14 days are
rejected by PutLogEvents.
"""

import base64
import bisect
import hashlib
import threading
import time
from collections import defaultdict
from typing import Any

from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.operations import ApiCall
from connectors.testkit.doubles.aws.state import LOCK, backend

PAGE_BYTES = 1_048_576
OLDEST_MS = 14 * 86_400_000
KEPT_PER_GROUP = 150_000
"""A bound on memory: the double forgets the oldest events beyond it, as a short retention would."""

Event = tuple[int, int, str, str, int]
"""(timestamp ms, sequence, stream, message, ingestion time ms)"""


class EventStore:
    """Events of every log group, sorted by timestamp then arrival. Safe for threads."""

    def __init__(self) -> None:
        self._events: dict[tuple[str, str], list[Event]] = defaultdict(list)
        self._sequence = 0
        self._lock = threading.Lock()

    def put(self, region: str, group: str, stream: str, events: list[tuple[int, str]]) -> int:
        """Store (timestamp ms, message) pairs; returns how many were accepted."""
        now = int(time.time() * 1000)
        with self._lock:
            kept = self._events[(region, group)]
            accepted = 0
            for timestamp, message in sorted(events, key=lambda event: event[0]):
                if not now - OLDEST_MS <= timestamp <= now + 7_200_000:
                    continue
                self._sequence += 1
                accepted += 1
                bisect.insort(kept, (timestamp, self._sequence, stream, message, now))
            del kept[: max(0, len(kept) - KEPT_PER_GROUP)]
        return accepted

    def after(self, region: str, group: str, position: tuple[int, int], end: int, limit: int) -> list[Event]:
        """Up to ``limit`` events after ``position`` (timestamp, sequence) with timestamp <= ``end`` (ms)."""
        with self._lock:
            kept = self._events[(region, group)]
            start = bisect.bisect_right(kept, (*position, "\U0010ffff", "", 0))
            found = kept[start : start + limit]
        return [event for event in found if event[0] <= end]


EVENTS = EventStore()
"""One per process, as moto's own state is."""


def put_events(region: str, group: str, stream: str, events: list[tuple[int, str]]) -> int:
    """Write log events as a service delivery would; unknown groups raise ``ResourceNotFoundException``."""
    _ensure_stream(region, group, stream)
    return EVENTS.put(region, group, stream, events)


def _ensure_stream(region: str, group: str, stream: str) -> None:
    with LOCK:
        groups = backend("logs", region).groups
        if group not in groups:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        if stream not in groups[group].streams:
            groups[group].create_log_stream(stream)


def _event_id(group: str, timestamp: int, sequence: int) -> str:
    digest = int.from_bytes(hashlib.blake2s(group.encode(), digest_size=4).digest(), "big")
    return f"{timestamp:016d}{sequence:025d}{digest:015d}"[:56]


def filter_log_events(call: ApiCall) -> dict[str, Any]:
    """``FilterLogEvents`` with simple term patterns (every space-separated term must occur)."""
    params = call.params
    group = str(params.get("logGroupName") or str(params.get("logGroupIdentifier", "")).split(":")[-1])
    with LOCK:
        if group not in backend("logs", call.region).groups:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    limit = int(params.get("limit") or 10_000)
    if not 1 <= limit <= 10_000:
        raise AwsError("InvalidParameterException", "limit must be between 1 and 10000")
    end = int(params.get("endTime") or 2**62)
    position = _position(params.get("nextToken"), int(params.get("startTime") or 0))
    found, more = _page(EVENTS.after(call.region, group, position, end, limit), limit)
    wanted_streams, prefix = (params.get("logStreamNames"), str(params.get("logStreamNamePrefix") or ""))
    terms = str(params.get("filterPattern") or "").replace('"', "").split()
    chosen = [
        event
        for event in found
        if (not wanted_streams or event[2] in wanted_streams)
        and event[2].startswith(prefix)
        and all(term in event[3] for term in terms)
    ]
    answer: dict[str, Any] = {"events": [_shape(group, event) for event in chosen], "searchedLogStreams": []}
    if more:
        token = f"{found[-1][0]}:{found[-1][1]}"
        answer["nextToken"] = base64.urlsafe_b64encode(token.encode()).decode()
    return answer


def _page(events: list[Event], limit: int) -> tuple[list[Event], bool]:
    """The events of one answer, and whether more may follow: ``limit`` events or 1 MB, whichever is less."""
    size = 0
    for count, event in enumerate(events):
        size += len(event[3]) + 26
        if size > PAGE_BYTES and count:
            return events[:count], True
    return events, len(events) == limit


def _position(token: Any, start: int) -> tuple[int, int]:
    if not token:
        return start, 0
    try:
        timestamp, sequence = base64.urlsafe_b64decode(str(token).encode()).decode().split(":")
        return int(timestamp), int(sequence)
    except ValueError as error:
        raise AwsError("InvalidParameterException", "The specified nextToken is invalid.") from error


def _shape(group: str, event: Event) -> dict[str, Any]:
    timestamp, sequence, stream, message, ingested = event
    return {
        "logStreamName": stream,
        "timestamp": timestamp,
        "message": message,
        "ingestionTime": ingested,
        "eventId": _event_id(group, timestamp, sequence),
    }
