"""API Gateway access logs as columns: lines of a known format, or JSON with the keys people usually choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.aws.columns import Columns, clf_times, epoch_ms, integers, milliseconds, take_rows, texts
from connectors.aws.log_format import LogFormat, parse_format
from connectors.base.mapping import NO_ROWS, Cells, JsonLines, Read, convert, each, given, per_distinct
from connectors.base.mapping.kernels import coalesced, where

#: Text columns and the variables that hold them, first present one wins.
_TEXTS: Final[dict[str, tuple[str, ...]]] = {
    "call_id": ("requestId", "extendedRequestId"),
    "gateway": ("apiId",),
    "stage": ("stage",),
    "host": ("domainName",),
    "protocol": ("protocol",),
    "client_ip": ("identity.sourceIp",),
    "user_agent": ("identity.userAgent",),
}
#: Who called: (kind, variable), the surest first. Values leave this module in clear; the door hashes them.
_PRINCIPALS: Final[tuple[tuple[str, str], ...]] = (
    ("user", "authorizer.claims.sub"),
    ("user", "authorizer.sub"),
    ("user", "authorizer.principalId"),
    ("user", "identity.cognitoIdentityId"),
    ("caller", "identity.userArn"),
    ("caller", "identity.caller"),
    ("caller", "identity.user"),
    ("key", "identity.apiKeyId"),
    ("key", "identity.apiKey"),
)
_WAF_ACTIONS: Final = {"WAF_ALLOW": "ALLOW", "WAF_BLOCK": "BLOCK"}

#: Keys of JSON access logs whose format is not known (files), in lower case without separators.
_COMMON_KEYS: Final[dict[str, str]] = {
    "requestid": "requestId",
    "extendedrequestid": "extendedRequestId",
    "ip": "identity.sourceIp",
    "sourceip": "identity.sourceIp",
    "clientip": "identity.sourceIp",
    "requesttimeepoch": "requestTimeEpoch",
    "requesttime": "requestTime",
    "timestamp": "requestTimeEpoch",
    "httpmethod": "httpMethod",
    "method": "httpMethod",
    "path": "path",
    "uri": "path",
    "querystring": "queryString",
    "resourcepath": "resourcePath",
    "routekey": "routeKey",
    "protocol": "protocol",
    "status": "status",
    "responselength": "responseLength",
    "responselatency": "responseLatency",
    "latency": "responseLatency",
    "integrationstatus": "integration.status",
    "integrationlatency": "integration.latency",
    "useragent": "identity.userAgent",
    "ua": "identity.userAgent",
    "domainname": "domainName",
    "host": "domainName",
    "apiid": "apiId",
    "stage": "stage",
    "authorizersub": "authorizer.claims.sub",
    "claimssub": "authorizer.claims.sub",
    "sub": "authorizer.claims.sub",
    "principalid": "authorizer.principalId",
    "authorizerprincipal": "authorizer.principalId",
    "userarn": "identity.userArn",
    "caller": "identity.caller",
    "cognito": "identity.cognitoIdentityId",
    "apikeyid": "identity.apiKeyId",
    "eventtype": "eventType",
    "wafresponsecode": "wafResponseCode",
}
_INTEGRATION_STATUS = ("integration.status", "integration.integrationStatus", "integrationStatus")
_INTEGRATION_LATENCY = ("integration.latency", "integrationLatency")


def access_columns(
    lines: Sequence[bytes], log_format: LogFormat | None, context: Mapping[str, str]
) -> tuple[Columns, dict[int, str]]:
    """Columns of ``lines`` and, for unreadable lines, the reason by row. Without a format, keys are recognised.

    ``context`` may give ``api_id``, ``stage`` and ``event_times`` (the log's own time of each line in ms, comma
    separated), used where the lines do not say.
    """
    reason = "not a JSON object"
    if log_format is None:
        read, values = _by_common_key(lines)
    else:
        reason = "the line does not fit the stage's access-log format"
        read, values = _by_variable(lines, log_format)
    times: Sequence[str] = context["event_times"].split(",") if context.get("event_times") else ()
    if read.places is None:
        return _columns(values, len(lines), context, times), {}
    if times:
        times = [times[place] for place in read.places]
    good = _columns(values, len(read.places), context, times)
    rows: list[int | None] = [None] * len(lines)
    for row, place in enumerate(read.places):
        rows[place] = row
    return take_rows(good, rows, len(lines)), dict.fromkeys(read.reasons, reason)


def _common(key: str) -> str:
    """A key in lower case without separators."""
    return key.lower().replace("_", "").replace("-", "")


_BY_KEY: Final = JsonLines(fold=_common).prepared(frozenset((key,) for key in _COMMON_KEYS))


def _by_common_key(lines: Sequence[bytes]) -> tuple[Read, dict[str, Cells]]:
    """Fields by variable name; of several keys for one variable the first that says something wins."""
    read = _BY_KEY.read(lines)
    made: dict[str, Cells] = {}
    for key, name in _COMMON_KEYS.items():
        cells = read.rows.cells(key)
        if cells is None:
            continue
        if name in made:
            pairs = zip(each(made[name]), each(cells), strict=True)
            cells = [a if a not in (None, "", "-") else b for a, b in pairs]
        made[name] = cells
    return read, made


def _by_variable(lines: Sequence[bytes], log_format: LogFormat) -> tuple[Read, dict[str, Cells]]:
    if not log_format.is_json or log_format.mixed:
        found, _ = log_format.read(lines)
        good = [row for row in found if row is not None]
        reasons = {place: "" for place, row in enumerate(found) if row is None}
        places = [place for place, row in enumerate(found) if row is not None] if reasons else None
        values: dict[str, Cells] = {
            name: [row.get(name) for row in good] for name in sorted(log_format.variables)
        }
        return Read(NO_ROWS, places, reasons), values
    read = _reader(log_format.text).read(lines)
    return read, {name: given(read.rows, path) for path, name in log_format.keys.items()}


@lru_cache(maxsize=256)
def _reader(text: str) -> JsonLines:
    """A decoder of a JSON format's members that salvages the lines that API Gateway broke."""
    log_format = parse_format(text)
    return JsonLines(salvage=log_format.salvaged).prepared(frozenset(log_format.keys))


def _columns(
    values: Mapping[str, Cells], count: int, context: Mapping[str, str], times: Sequence[str]
) -> Columns:
    made: Columns = {}
    for column, names in _TEXTS.items():
        found: pa.Array | None = None
        for name in names:
            if name in values:
                found = coalesced(found, texts(values[name]))
        if found is not None:
            made[column] = found
    if "queryString" in values:
        # "" is a request without a query; only an absent key and "-" are unknown.
        query = convert("raw", values["queryString"])
        made["query"] = where(pc.not_equal(query, "-"), query)
    _fill(made, "gateway", context.get("api_id"), count)
    _fill(made, "stage", context.get("stage"), count)
    _times(made, values, times)
    _method_and_route(made, values)
    _principal(made, values)
    for column, names, kind in (
        ("latency_ms", ("responseLatency",), milliseconds),
        ("upstream_latency_ms", _INTEGRATION_LATENCY, milliseconds),
        ("response_bytes", ("responseLength",), integers),
        ("status", ("status",), _statuses),
        ("upstream_status", _INTEGRATION_STATUS, _statuses),
    ):
        present = [kind(values[name]) for name in names if name in values]
        if present:
            made[column] = present[0] if len(present) == 1 else pc.coalesce(*present)
    if "client_ip" in made:
        made["client_ip_trust"] = pc.if_else(
            pc.is_valid(made["client_ip"]), pa.scalar("peer"), pa.scalar(None, pa.string())
        )
    if "wafResponseCode" in values:
        made["waf_action"] = per_distinct(texts(values["wafResponseCode"]), _WAF_ACTIONS.get, pa.string())
    _split_query(made)
    return made


def _statuses(values: Cells) -> pa.Array:
    return integers(values, pa.int16())


def _fill(made: Columns, name: str, value: str | None, count: int) -> None:
    if value:
        constant = pa.array([value] * count, type=pa.string())
        made[name] = pc.coalesce(made[name], constant) if name in made else constant


def _times(made: Columns, values: Mapping[str, Cells], times: Sequence[str]) -> None:
    moment: pa.Array | None = None
    if "requestTimeEpoch" in values:
        moment = epoch_ms(values["requestTimeEpoch"])
    if "requestTime" in values and (moment is None or moment.null_count):
        moment = coalesced(moment, clf_times(values["requestTime"]))
    if times:
        moment = coalesced(moment, epoch_ms(list(times)))
    if moment is not None:
        made["ts"] = moment


def _method_and_route(made: Columns, values: Mapping[str, Cells]) -> None:
    """Method, path and declared route from what the format has of httpMethod, path, resourcePath, routeKey."""
    method = texts(values["httpMethod"]) if "httpMethod" in values else None
    path = texts(values["path"]) if "path" in values else None
    route: pa.Array | None = None
    if "routeKey" in values:
        key = texts(values["routeKey"])
        named = pc.match_substring_regex(key, "^[A-Z]+ /")
        route = pc.if_else(pc.equal(key, "$default"), pa.scalar(None, pa.string()), key)
        verb = pc.extract_regex(pc.if_else(named, key, ""), "^(?P<verb>[A-Z]+) /").field("verb")
        verb = pc.if_else(
            pc.and_(pc.not_equal(verb, "ANY"), pc.not_equal(verb, "")), verb, pa.scalar(None, pa.string())
        )
        method = coalesced(method, verb)
        path = coalesced(path, pc.if_else(named, pc.replace_substring_regex(key, "^[A-Z]+ ", ""), key))
    if "eventType" in values:
        method = coalesced(method, texts(values["eventType"]))
    if "resourcePath" in values:
        resource = texts(values["resourcePath"])
        path = coalesced(path, resource)
        if method is not None:
            route = coalesced(route, pc.binary_join_element_wise(method, resource, " "))
    for name, column in (("method", method), ("path", path), ("declared_route", route)):
        if column is not None:
            made[name] = column


def _principal(made: Columns, values: Mapping[str, Cells]) -> None:
    principal: pa.Array | None = None
    kind: pa.Array | None = None
    for name, variable in _PRINCIPALS:
        if variable not in values:
            continue
        column = texts(values[variable])
        kinds = pc.if_else(pc.is_valid(column), pa.scalar(name), pa.scalar(None, pa.string()))
        principal, kind = coalesced(principal, column), coalesced(kind, kinds)
    if principal is None or kind is None:
        return
    made["principal"], made["principal_kind"] = principal, kind
    # "-" means that no authorizer answered; the client may still have sent a credential nobody looked at.
    made["auth_present"] = pc.if_else(pc.is_valid(principal), pa.scalar(True), pa.scalar(None, pa.bool_()))


def _split_query(made: Columns) -> None:
    """Some files keep the query in the path; it moves to its own column."""
    path = made.get("path")
    if path is None or not pc.any(pc.match_substring(path, "?")).as_py():
        return
    parts = pc.extract_regex(path, r"^(?P<path>[^?]*)\??(?P<query>[\s\S]*)$")
    made["path"] = parts.field("path")
    query = parts.field("query")
    query = pc.if_else(pc.equal(query, ""), pa.scalar(None, pa.string()), query)
    made["query"] = pc.coalesce(made["query"], query) if "query" in made else query
