"""Firewall events by GraphQL, for plans without Logpush: windows of time, read again with an overlap.

Events come late and sampled. A pull covers ``[reached - OVERLAP, now - SETTLE)`` of each zone, slice by slice; what an
overlap reads twice has the same Ray ID and is dropped at the door. A slice that fills the row limit is halved, so that
none is cut short; only one second that fills it alone stays cut, and the sampling says as much.
Sources: "Querying Firewall Events with GraphQL", "GraphQL limits" (10,000 rows; a day per query on small plans).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from connectors.base.calls import RawBatch
from connectors.base.capabilities import Cursor
from connectors.base.errors import ConnectorError, VendorAnswerError
from connectors.cloudflare.client import ApiV4, Document
from connectors.cloudflare.logs import EVENTS
from connectors.cloudflare.permissions import ANALYTICS
from connectors.cloudflare.zones import Zone

ROWS: Final = 10_000
OVERLAP: Final = timedelta(minutes=10)
SETTLE: Final = timedelta(minutes=2)
#: How far back the first pull reads: what every plan lets us ask for.
BACKFILL: Final = timedelta(hours=23)
SLICE: Final = timedelta(hours=6)
#: A pull this soon after the last one has nothing new to ask for: Cloudflare's budget is for all of a user's tokens.
PAUSE: Final = timedelta(minutes=1)
_SHORTEST: Final = timedelta(seconds=1)

_QUERY: Final = """query Events($zone: string, $filter: FirewallEventsAdaptiveFilter_InputObject) {
  viewer { zones(filter: {zoneTag: $zone}) {
    firewallEventsAdaptive(limit: LIMIT, filter: $filter, orderBy: [datetime_ASC]) {
      action clientAsn clientCountryName clientIP clientRequestHTTPHost clientRequestHTTPMethodName
      clientRequestHTTPProtocol clientRequestPath clientRequestQuery datetime edgeResponseStatus matchIndex
      rayName ruleId source userAgent
    }
  } }
}"""


def events_query(rows: int = ROWS) -> str:
    """The query for at most ``rows`` events, oldest first."""
    return _QUERY.replace("LIMIT", str(rows))


def event_window(zone_id: str, since: datetime, until: datetime) -> dict[str, Any]:
    """The query's variables for a span of time."""
    return {"zone": zone_id, "filter": {"datetime_geq": _written(since), "datetime_lt": _written(until)}}


def is_due(cursor: Cursor, now: datetime) -> bool:
    """Whether the last pull is long enough ago."""
    reached = [datetime.fromisoformat(str(at)) for at in (cursor.get("reached") or {}).values()]
    return not reached or now - SETTLE - max(reached) >= PAUSE


def pull(
    api: ApiV4, zones: tuple[Zone, ...], cursor: Cursor, now: datetime, most: int = ROWS
) -> Iterator[tuple[RawBatch, Cursor]]:
    """Batches, each with the cursor that is true once it is stored; ``most`` rows are asked for at once.

    A zone that fails keeps its position; the others are read first, then its error is raised.
    """
    reached: dict[str, str] = {str(ref): str(at) for ref, at in (cursor.get("reached") or {}).items()}
    end = (now - SETTLE).replace(microsecond=0)
    failed: list[ConnectorError] = []
    for zone in zones:
        start = _start(reached.get(zone.id), end)
        try:
            for rows, until in _slices(api, zone, start, end, most):
                reached = {**reached, zone.id: _written(until)}
                records = tuple(orjson.dumps({**row, "ZoneName": zone.name}) for row in rows)
                yield RawBatch(EVENTS, records), {"reached": reached}
        except ConnectorError as error:
            failed.append(error)
    if failed:
        raise failed[0]


def _start(reached: str | None, end: datetime) -> datetime:
    oldest = end - BACKFILL
    if reached is None:
        return oldest
    return max(oldest, min(datetime.fromisoformat(reached), end) - OVERLAP)


def _slices(
    api: ApiV4, zone: Zone, start: datetime, end: datetime, most: int
) -> Iterator[tuple[list[Document], datetime]]:
    width = SLICE
    while start < end:
        until = min(start + width, end)
        rows = _rows(api.graphql(events_query(most), event_window(zone.id, start, until), ANALYTICS))
        if len(rows) >= most and until - start > _SHORTEST:
            width = max(_SHORTEST, timedelta(seconds=(until - start).total_seconds() // 2))
            continue
        yield rows, until
        start, width = until, min(width * 2, SLICE)


def _rows(data: Mapping[str, Any]) -> list[Document]:
    try:
        (zone,) = data["viewer"]["zones"]
        rows = zone["firewallEventsAdaptive"]
    except (KeyError, TypeError, ValueError) as error:
        raise VendorAnswerError(
            "Cloudflare's GraphQL answer does not hold one zone's firewall events."
        ) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise VendorAnswerError("Cloudflare's firewall events are not a list of objects.")
    return rows


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
