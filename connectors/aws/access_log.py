"""API Gateway access logs as columns: lines of a known format, or JSON with the keys people usually choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.aws.columns import Columns, clf_times, coalesced, epoch_ms, integers, milliseconds, texts
from connectors.aws.log_format import LogFormat, Variables, decode_lines

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
    reasons: dict[int, str] = {}
    if log_format is None:
        documents, _ = decode_lines(lines)
        for row, document in enumerate(documents):
            if document is None:
                reasons[row] = "not a JSON object"
        values = _by_common_key(documents)
    else:
        read, _ = log_format.read(lines)
        for row, entry in enumerate(read):
            if entry is None:
                reasons[row] = "the line does not fit the stage's access-log format"
        values = _by_variable(read, log_format)
    return _columns(values, len(lines), context), reasons


def _by_variable(rows: Sequence[Variables | None], log_format: LogFormat) -> dict[str, list[Any]]:
    return {
        name: [None if row is None else row.get(name) for row in rows]
        for name in sorted(log_format.variables)
    }


def _by_common_key(documents: Sequence[Mapping[str, Any] | None]) -> dict[str, list[Any]]:
    """Columns by variable name. Which keys exist is looked up in the first lines and in every 1,000th one."""
    seen: dict[str, str] = {}
    for row, document in enumerate(documents):
        if document is None or (row > 50 and row % 1000):
            continue
        for key in document:
            if key not in seen and (name := _COMMON_KEYS.get(key.lower().replace("_", "").replace("-", ""))):
                seen[key] = name
    made: dict[str, list[Any]] = {}
    for key, name in seen.items():
        column = [None if document is None else document.get(key) for document in documents]
        if name in made:
            column = [a if a not in (None, "", "-") else b for a, b in zip(made[name], column, strict=True)]
        made[name] = column
    return made


def _columns(values: Mapping[str, list[Any]], count: int, context: Mapping[str, str]) -> Columns:
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
        made["query"] = pa.array(
            [value if isinstance(value, str) and value != "-" else None for value in values["queryString"]],
            type=pa.string(),
        )
    _fill(made, "gateway", context.get("api_id"), count)
    _fill(made, "stage", context.get("stage"), count)
    _times(made, values, context)
    _method_and_route(made, values)
    _principal(made, values)
    for column, names, convert in (
        ("latency_ms", ("responseLatency",), milliseconds),
        ("upstream_latency_ms", _INTEGRATION_LATENCY, milliseconds),
        ("response_bytes", ("responseLength",), integers),
        ("status", ("status",), _statuses),
        ("upstream_status", _INTEGRATION_STATUS, _statuses),
    ):
        present = [convert(values[name]) for name in names if name in values]
        if present:
            made[column] = present[0] if len(present) == 1 else pc.coalesce(*present)
    if "client_ip" in made:
        made["client_ip_trust"] = pc.if_else(
            pc.is_valid(made["client_ip"]), pa.scalar("peer"), pa.scalar(None, pa.string())
        )
    if "wafResponseCode" in values:
        made["waf_action"] = pa.array(
            [_WAF_ACTIONS.get(str(v)) for v in values["wafResponseCode"]], type=pa.string()
        )
    _split_query(made)
    return made


def _statuses(values: Sequence[Any]) -> pa.Array:
    return integers(values, pa.int16())


def _fill(made: Columns, name: str, value: str | None, count: int) -> None:
    if value:
        constant = pa.array([value] * count, type=pa.string())
        made[name] = pc.coalesce(made[name], constant) if name in made else constant


def _times(made: Columns, values: Mapping[str, list[Any]], context: Mapping[str, str]) -> None:
    moment: pa.Array | None = None
    if "requestTimeEpoch" in values:
        moment = epoch_ms(values["requestTimeEpoch"])
    if "requestTime" in values and (moment is None or moment.null_count):
        moment = coalesced(moment, clf_times(values["requestTime"]))
    if context.get("event_times"):
        moment = coalesced(moment, epoch_ms(context["event_times"].split(",")))
    if moment is not None:
        made["ts"] = moment


def _method_and_route(made: Columns, values: Mapping[str, list[Any]]) -> None:
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


def _principal(made: Columns, values: Mapping[str, list[Any]]) -> None:
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
