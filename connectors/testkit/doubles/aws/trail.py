"""CloudTrail's event history: every API call as a management event, read back with ``LookupEvents``.

Sources: CloudTrail API Reference "LookupEvents" (one lookup attribute, at most 50 events per page, newest
first, 90 days, a token only with the parameters it was given for), User Guide "CloudTrail record contents".
"""

import base64
import hashlib
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.operations import ApiCall
from connectors.testkit.doubles.aws.state import acting_account

KEPT_S = 90 * 86_400
KEPT_PER_REGION = 20_000
"""A bound on memory: the double forgets the oldest events beyond it."""
PAGE = 50
ATTRIBUTES = {
    "EventId": "EventId",
    "EventName": "EventName",
    "ReadOnly": "ReadOnly",
    "Username": "Username",
    "EventSource": "EventSource",
    "AccessKeyId": "AccessKeyId",
}
#: Attributes of the API that no event of the double has.
WITHOUT_EVENTS = {"ResourceType", "ResourceName"}


@dataclass(frozen=True)
class Entry:
    """One event as ``LookupEvents`` lists it, and when it may be seen."""

    at: float
    visible_at: float
    number: int
    listed: dict[str, Any]


@dataclass
class Trail:
    """Events per account and region. ``delay_s`` is how late an event can be looked up. Safe for threads."""

    delay_s: float = 0.0
    _events: dict[tuple[str, str], deque[Entry]] = field(default_factory=dict)
    _number: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, region: str, record: dict[str, Any], at: float) -> None:
        """Keep one CloudTrail record that happened at ``at`` (epoch seconds, whole ones count)."""
        record = {"eventID": str(uuid.uuid4()), **record}
        record["eventTime"] = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        identity = record["userIdentity"]
        listed = {
            "EventId": record["eventID"],
            "EventName": record["eventName"],
            "ReadOnly": str(record["readOnly"]).lower(),
            "EventSource": record["eventSource"],
            "EventTime": int(at),
            "AccessKeyId": identity.get("accessKeyId", ""),
            "Username": identity.get("userName") or str(identity.get("arn", "")).rpartition("/")[2],
            "Resources": [],
            "CloudTrailEvent": orjson.dumps(record).decode(),
        }
        with self._lock:
            self._number += 1
            place = (record["recipientAccountId"], region)
            kept = self._events.setdefault(place, deque(maxlen=KEPT_PER_REGION))
            kept.append(Entry(int(at), at + self.delay_s, self._number, listed))

    def visible(self, account: str, region: str, now: float) -> list[Entry]:
        """What can be looked up at ``now``, newest first."""
        with self._lock:
            kept = list(self._events.get((account, region), ()))
        seen = [entry for entry in kept if entry.visible_at <= now and entry.at >= now - KEPT_S]
        return sorted(seen, key=lambda entry: (entry.at, entry.number), reverse=True)


TRAIL = Trail()
"""One per process, as moto's own state is."""


def lookup_events(call: ApiCall) -> dict[str, Any]:
    """``LookupEvents`` on management events."""
    params = call.params
    key, value = _attribute(params.get("LookupAttributes") or [])
    size = params.get("MaxResults", PAGE)
    if not isinstance(size, int) or not 1 <= size <= PAGE:
        raise AwsError("InvalidMaxResultsException", "A value between 1 and 50 is required for MaxResults.")
    now = time.time()
    start, end = float(params.get("StartTime", now - KEPT_S)), float(params.get("EndTime", now))
    if start > end:
        raise AwsError("InvalidTimeRangeException", "Start time is after end time.")
    position = _position(params)
    found = [
        entry
        for entry in TRAIL.visible(acting_account(), call.region, now)
        if start <= entry.at <= end and (not key or entry.listed.get(key) == value)
        if position is None or (entry.at, entry.number) < position
    ]
    answer: dict[str, Any] = {"Events": [entry.listed for entry in found[:size]]}
    if len(found) > size:
        last = found[size - 1]
        token = f"{_fingerprint(params)}:{last.at}:{last.number}"
        answer["NextToken"] = base64.b64encode(token.encode()).decode()
    return answer


def _attribute(wanted: list[dict[str, Any]]) -> tuple[str, str]:
    if not wanted:
        return "", ""
    key = str(wanted[0].get("AttributeKey"))
    if (
        len(wanted) > 1
        or key not in ATTRIBUTES.keys() | WITHOUT_EVENTS
        or not wanted[0].get("AttributeValue")
    ):
        raise AwsError("InvalidLookupAttributesException", "You can use only one valid lookup attribute.")
    return ATTRIBUTES.get(key, key), str(wanted[0]["AttributeValue"])


def _fingerprint(params: dict[str, Any]) -> str:
    same = {name: params[name] for name in sorted(params) if name not in ("NextToken", "MaxResults")}
    return hashlib.blake2s(orjson.dumps(same), digest_size=8).hexdigest()


def _position(params: dict[str, Any]) -> tuple[float, int] | None:
    token = params.get("NextToken")
    if not token:
        return None
    invalid = AwsError("InvalidNextTokenException", "The token is invalid or was used with other parameters.")
    try:
        fingerprint, at, number = base64.b64decode(str(token)).decode().split(":")
        position = float(at), int(number)
    except ValueError as error:
        raise invalid from error
    if fingerprint != _fingerprint(params):
        raise invalid
    return position
