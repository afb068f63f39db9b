"""``POST /v2/api-requests``: one row per request a data plane answered.

Source: Konnect "API Request Analytics" OpenAPI description: the query's fields and no others, rows and their formats.
"""

import re
import threading
from bisect import insort
from datetime import UTC, datetime
from typing import Any

from connectors.testkit.doubles.kong.exchange import Exchange
from connectors.testkit.doubles.kong.http_log import Answered
from connectors.testkit.doubles.konnect.problems import bad_request

QUERY = {"filters", "time_range", "order", "size", "offset"}
MOST_ROWS = 1000
RELATIVE = {"15M": 900, "1H": 3600, "6H": 21_600, "12H": 43_200, "24H": 86_400, "7D": 604_800}
_UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
Row = dict[str, Any]


def row_of(
    control_plane: str, node: str, version: str, exchange: Exchange, answered: Answered, group: str | None
) -> Row:
    """The row of one request; ids are ``control_plane_id:entity_id``; ``group`` is the one the member was served in."""

    def scoped(entity: dict[str, Any] | None) -> str | None:
        return f"{control_plane}:{entity['id']}" if entity else None

    started = datetime.fromtimestamp(exchange.time_ms / 1000, UTC)
    upstream = answered.upstream_ms
    return {
        "request_start": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "application": None,
        "auth_type": exchange.auth_type or None,
        "client_ip": exchange.client_ip,
        "consumer": scoped(exchange.consumer),
        "control_plane": control_plane,
        "control_plane_group": group,
        "data_plane_node": f"{control_plane}:{node}",
        "data_plane_node_version": version,
        "gateway_service": scoped(exchange.service),
        "header_host": exchange.host,
        "header_user_agent": exchange.header("user-agent"),
        "http_method": exchange.method,
        "latencies_kong_gateway_ms": answered.kong_ms,
        "latencies_response_ms": answered.kong_ms + (upstream or 0),
        "latencies_upstream_ms": upstream,
        "request_body_size": len(exchange.body),
        "request_id": exchange.request_id,
        "request_uri": f"{exchange.path}?{exchange.query}" if exchange.query else exchange.path,
        "response_body_size": answered.body_size,
        "response_header_content_type": answered.headers.get("content-type"),
        "response_http_status": str(answered.status),
        "response_source": "kong" if answered.upstream_status is None else "upstream",
        "route": scoped(exchange.route),
        "service_protocol": (exchange.service or {}).get("protocol"),
        "trace_id": exchange.request_id,
        "upstream_status": answered.upstream_status,
        "upstream_uri": answered.upstream_uri or None,
    }


class Requests:
    """The rows of one organization in one region, by time. Safe for threads."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, int, Row]] = []
        self._lock = threading.Lock()

    def add(self, row: Row) -> None:
        """Keep one row."""
        with self._lock:
            insort(self._rows, (row["request_start"], len(self._rows), row))

    def answer(self, query: Any, now: datetime) -> Row:
        """One page; ``Problem`` for a query that the description does not allow."""
        if not isinstance(query, dict):
            raise bad_request("body", "request format is invalid")
        for name in set(query) - QUERY:
            raise bad_request(name, "property should not exist")
        start, end = _span(query.get("time_range", {"type": "relative", "time_range": "1H"}), now)
        size, offset = _whole(query, "size", 100, 1, MOST_ROWS), _whole(query, "offset", 0, 0, 10**9)
        order = query.get("order", "descending")
        if order not in ("ascending", "descending"):
            raise bad_request("order", "must be ascending or descending")
        wanted = _wanted(query.get("filters", []))
        with self._lock:
            rows = [
                row
                for at, _, row in self._rows
                if start <= at < end and all(row[field] in values for field, values in wanted)
            ]
        rows = rows if order == "ascending" else rows[::-1]
        page = rows[offset : offset + size]
        meta = {
            "time_range": {"start": start, "end": end},
            "query_id": "apilog-11AF3891-C638-43E6-A85A-4EBCCAF0E690",
            "size": len(page),
            "offset": offset,
        }
        return {"results": page, "meta": meta}


def _span(given: Any, now: datetime) -> tuple[str, str]:
    """First and last moment of a time range, in the form rows have."""
    if not isinstance(given, dict) or given.get("type") not in ("relative", "absolute"):
        raise bad_request("time_range.type", "must be relative or absolute")
    names = {"type", "tz", "time_range"} if given["type"] == "relative" else {"type", "tz", "start", "end"}
    if set(given) - names or (names - {"tz"}) - set(given):
        raise bad_request("time_range", f"has exactly the fields {', '.join(sorted(names))}")
    if given["type"] == "relative":
        if given["time_range"] not in RELATIVE:
            raise bad_request("time_range.time_range", "is no supported range")
        begin = datetime.fromtimestamp(now.timestamp() - RELATIVE[given["time_range"]], UTC)
        return _written(begin), _written(now)
    return _moment(given["start"]), _moment(given["end"])


def _moment(text: Any) -> str:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise bad_request("time_range", "is not a date-time") from None
    return _written(at if at.tzinfo else at.replace(tzinfo=UTC))


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _whole(query: Row, name: str, default: int, least: int, most: int) -> int:
    value = query.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise bad_request(name, f"must be an integer between {least} and {most}")
    return value


def _wanted(filters: Any) -> list[tuple[str, list[str]]]:
    """Ids of the control planes or groups asked for; other filters are not part of the double."""
    chosen: list[tuple[str, list[str]]] = []
    for entry in filters if isinstance(filters, list) else [None]:
        if not isinstance(entry, dict) or set(entry) != {"field", "operator", "value"}:
            raise bad_request("filters", "request format is invalid")
        if entry["field"] not in ("control_plane", "control_plane_group") or entry["operator"] != "in":
            raise bad_request("filters", "is a filter this double does not know")
        if not isinstance(entry["value"], list) or not all(_UUID.match(str(one)) for one in entry["value"]):
            raise bad_request("filters", "value is no list of UUIDs")
        chosen.append((entry["field"], entry["value"]))
    return chosen
