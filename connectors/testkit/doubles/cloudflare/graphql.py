"""The GraphQL Analytics API, of which one dataset is there: ``firewallEventsAdaptive``.

Source: "Querying Firewall Events with GraphQL", "GraphQL limits" (10,000 rows a query; older than the retention or
longer than the plan allows is refused). Errors come with status 200 and a list.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.cloudflare.state import Account, Document
from connectors.testkit.doubles.serving import json_response

FIELDS = {
    "action", "clientAsn", "clientASNDescription", "clientCountryName", "clientIP", "clientRequestHTTPHost",
    "clientRequestHTTPMethodName", "clientRequestHTTPProtocol", "clientRequestPath", "clientRequestQuery",
    "clientRequestScheme", "datetime", "description", "edgeResponseStatus", "kind", "matchIndex", "originResponseStatus",
    "rayName", "ref", "ruleId", "rulesetId", "sampleInterval", "source", "userAgent",
}  # fmt: skip
MOST = 10_000
LONGEST = timedelta(days=1)
_QUERY = re.compile(
    r"viewer\s*\{\s*zones\s*\(\s*filter:\s*\{\s*zoneTag:\s*\$(?P<zone>\w+)\s*\}\s*\)\s*\{\s*"
    r"firewallEventsAdaptive\s*\((?P<arguments>[^)]*)\)\s*\{(?P<fields>[\w\s]+)\}\s*\}\s*\}"
)
_LIMIT = re.compile(r"limit:\s*(\d+)")
_ORDER = re.compile(r"orderBy:\s*\[datetime_(ASC|DESC)\]")


class GraphQl:
    """The operation on ``/graphql``."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def query(self, request: Request, body: Document) -> Response:
        """Events of one zone between two times."""
        matched = _QUERY.search(str(body.get("query", "")))
        variables = body.get("variables") or {}
        if matched is None:
            return _refused("error parsing the query")
        zone = self._account.zones.get(str(variables.get(matched["zone"])))
        if zone is None:
            return _refused("zone not found or not authorized")
        fields = matched["fields"].split()
        if unknown := sorted(set(fields) - FIELDS):
            return _refused(f"unknown field {unknown[0]}")
        limit = int(found[1]) if (found := _LIMIT.search(matched["arguments"])) else 0
        if not 1 <= limit <= MOST:
            return _refused(f"limit must be between 1 and {MOST}")
        chosen = variables.get("filter") or {}
        if set(chosen) != {"datetime_geq", "datetime_lt"}:
            return _refused("the filter takes datetime_geq and datetime_lt")
        since, until = (datetime.fromisoformat(chosen[name]) for name in ("datetime_geq", "datetime_lt"))
        if until - since > LONGEST or since < datetime.now(UTC) - timedelta(days=30):
            return _refused("cannot request a time range wider than 1d, or data older than 30d")
        rows = [row for row in zone.events if since <= datetime.fromisoformat(row["datetime"]) < until]
        order = _ORDER.search(matched["arguments"])
        rows.sort(key=lambda row: str(row["datetime"]), reverse=order is not None and order[1] == "DESC")
        shown = [{name: row.get(name) for name in fields} for row in rows[:limit]]
        data = {"viewer": {"zones": [{"firewallEventsAdaptive": shown}]}}
        return json_response({"data": data, "errors": None})


def _refused(message: str) -> Response:
    error: dict[str, Any] = {"message": message, "path": None, "extensions": {"code": "budget"}}
    return json_response({"data": None, "errors": [error]})
