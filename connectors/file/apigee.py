"""Apigee message logs as JSON lines: whatever flow variables the customer's MessageLogging policy writes.

There is no fixed format, so keys are matched by name in lower case with ``. - /`` as ``_``: analytics
dimensions (``ax_resolved_client_ip``), flow variables (``client.ip``) and Cloud Logging's envelope
(``jsonPayload``, ``insertId``) are all understood. Source: Apigee flow variables and analytics reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from connectors.base.calls import CallBatch, Quarantined, RawBatch
from connectors.base.columns import (
    MAX_RECORD_BYTES,
    address,
    calls_from_columns,
    epoch_micros,
    http_status,
    made_id,
    millis,
    plain_host,
    quarantined,
    text,
    whole,
)

SOURCE: Final = "file.apigee"

#: Neutral field to the names it may have, best first.
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "call_id": ("gateway_flow_id", "messageid", "message_id", "insertid", "request_id"),
    "ts": (
        "client_received_start_timestamp", "client_received_end_timestamp", "request_received_timestamp",
        "system_timestamp", "request_time", "timestamp", "time",
    ),
    "method": ("request_verb", "verb", "method", "request_method", "http_method"),
    "uri": ("request_uri", "uri", "message_uri", "request_path_full"),
    "path": ("request_path", "path", "proxy_pathsuffix"),
    "basepath": ("proxy_basepath", "basepath"),
    "query": ("request_querystring", "querystring", "query_string", "message_querystring"),
    "status": ("response_status_code", "message_status_code", "status_code", "status"),
    "host": ("virtual_host", "request_header_host", "virtualhost_name", "x_forwarded_host", "host"),
    "client": ("ax_resolved_client_ip", "client_ip", "proxy_client_ip", "ax_true_client_ip", "remote_ip"),
    "user_agent": ("useragent", "user_agent", "request_header_user_agent", "request_user_agent"),
    "gateway": ("apiproxy", "apiproxy_name", "proxy_name", "proxy"),
    "stage": ("environment", "environment_name", "env"),
    "route": ("current_flow_name", "flow_name", "proxy_flow_name"),
    "app": ("developer_app", "developer_app_name", "app_name", "apiproduct_app"),
    "developer": ("developer_email", "developer"),
    "client_id": ("client_id", "apikey", "consumer_key", "request_queryparam_apikey"),
    "subject": ("jwt_subject", "subject", "user_id", "access_token_user"),
    "latency": ("total_response_time", "total_response_time_ms", "latency_ms", "total_latency"),
    "upstream_latency": ("target_response_time", "target_latency", "target_response_time_ms"),
    "upstream_status": ("target_response_code", "target_response_status_code"),
    "upstream": ("target_host", "target_url", "target"),
    "request_bytes": ("request_size", "request_content_length", "request_header_content_length"),
    "response_bytes": ("response_size", "response_content_length"),
    "country": ("ax_geo_country", "client_country", "country"),
    "request_type": ("request_header_content_type", "request_content_type"),
    "response_type": ("response_header_content_type", "response_content_type"),
    "body": ("request_content", "request_body"),
    "response_body": ("response_content", "response_body"),
    "fault": ("fault_name", "x_apigee_fault_code", "ax_execution_fault_code"),
}  # fmt: skip

_FIELDS: Final = {name: field for field, names in KEYS.items() for name in names}
_RANK: Final = {name: rank for names in KEYS.values() for rank, name in enumerate(names)}
_SEPARATORS: Final = str.maketrans(".-/ ", "____")
_UNIQUE: Final = (
    "gateway_flow_id",
    "apiproxy",
    "proxy_pathsuffix",
    "request_verb",
    "proxy.name",
    "proxy.basepath",
)

#: The columns this source fills, in the order ``_row`` gives them.
COLUMNS: Final = (
    "call_id", "ts", "gateway", "stage", "host", "method", "path", "query", "declared_route", "upstream",
    "client_ip", "client_ip_trust", "principal_kind", "principal", "consumer", "user_agent", "country",
    "status", "latency_ms",
    "upstream_status", "upstream_latency_ms", "request_bytes", "response_bytes", "request_content_type",
    "response_content_type", "auth_present", "body", "response_body",
)  # fmt: skip

_decoder = msgspec.json.Decoder(dict[str, Any])


def looks_like_apigee(head: bytes, filename: str) -> float:
    """Apigee's own variable names in the first line."""
    first = head.lstrip().split(b"\n", 1)[0]
    if not first.startswith(b"{"):
        return 0.0
    marks = sum(f'"{name}"'.encode() in first for name in _UNIQUE)
    return min(0.97, 0.45 * marks)


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of Apigee log lines; never raises."""
    first_line = whole(batch.context.get("first_line"))
    rows: list[tuple[Any, ...]] = []
    bad: list[Quarantined] = []
    for number, raw in enumerate(batch.records):
        if not raw or raw.isspace():
            continue
        record = _decoded(raw)
        row = record if isinstance(record, str) else _row(record, raw)
        if isinstance(row, str):
            bad.append(quarantined(raw, row, None if first_line is None else first_line + number))
        else:
            rows.append(row)
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=False))
    return CallBatch(batch.source, calls_from_columns(columns, len(rows)), tuple(bad))


def _decoded(raw: bytes) -> dict[str, Any] | str:
    if len(raw) > MAX_RECORD_BYTES:
        return "the line is longer than 1 MiB"
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return _decoder.decode(raw.decode(errors="replace"))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return f"not a JSON object: {str(error)[:120]}"


@lru_cache(maxsize=4096)
def _field(key: str) -> tuple[str, int] | None:
    """The neutral field a key stands for, and how good a source of it the key is."""
    name = key.lower().translate(_SEPARATORS).removesuffix("_values_string")
    if name.endswith(("claim_subject", "claim_sub")):
        return "subject", 0
    return (_FIELDS[name], _RANK[name]) if name in _FIELDS else None


def _values(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record's values by neutral field; of several names for one field the best that says something."""
    payload = record.get("jsonPayload")
    if isinstance(payload, dict):
        record = {**{key: record[key] for key in ("insertId", "timestamp") if key in record}, **payload}
    found: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    for key, value in record.items():
        place = _field(key)
        if place is None or value is None or value == "-" or value == "":
            continue
        field, rank = place
        if field not in ranks or rank < ranks[field]:
            found[field], ranks[field] = value, rank
    return found


def _row(record: Mapping[str, Any], raw: bytes) -> tuple[Any, ...] | str:
    """One call's values in the order of ``COLUMNS``, or the reason why the record cannot be a call."""
    get = _values(record).get
    ts, method, target = _micros(get("ts")), text(get("method")), _target(get)
    if ts is None:
        return "no readable time (client_received_start_timestamp)"
    if method is None or target is None:
        return "no request verb or no request URI"
    path, mark, query = target.partition("?")
    client = address(str(get("client")).partition(",")[0]) if get("client") else None
    kind, principal = _principal(get)
    app = text(get("app"))
    return (
        text(get("call_id")) or made_id(raw),
        ts,
        text(get("gateway")),
        text(get("stage")),
        plain_host(get("host")),
        method.upper(),
        path or "/",
        query if mark else str(get("query") or "").removeprefix("?"),
        text(get("route")),
        text(get("upstream")),
        client,
        None if client is None else "trusted_hop",
        kind,
        principal,
        app,
        text(get("user_agent")),
        text(get("country")),
        http_status(get("status")),
        millis(get("latency")),
        http_status(get("upstream_status")),
        millis(get("upstream_latency")),
        whole(get("request_bytes")),
        whole(get("response_bytes")),
        text(get("request_type")),
        text(get("response_type")),
        True if principal or app else None,
        text(get("body")),
        text(get("response_body")),
    )


def _target(get: Any) -> str | None:
    """The request target: the URI as sent, else base path and suffix."""
    uri = text(get("uri"))
    if uri is not None:
        if not uri.startswith("/") and "://" in uri:
            return "/" + uri.split("://", 1)[1].partition("/")[2]
        return uri if uri.startswith("/") else f"/{uri}"
    suffix, base = text(get("path")) or "", text(get("basepath")) or ""
    joined = f"{base.rstrip('/')}/{suffix.lstrip('/')}" if suffix else base
    return joined if joined.startswith("/") else None


def _principal(get: Any) -> tuple[str | None, str | None]:
    """The caller: a token's subject, the app, the developer, else the client id (a key)."""
    for field, kind in (
        ("subject", "user"),
        ("app", "consumer"),
        ("developer", "user"),
        ("client_id", "key"),
    ):
        value = text(get(field))
        if value is not None:
            return kind, value
    return None, None


def _micros(value: object) -> int | None:
    """Microseconds from ISO-8601 text or from epoch seconds, milliseconds or microseconds."""
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        if moment.tzinfo is None or moment.year < 1971 or moment.year > 2099:
            return None
        whole_seconds = int(moment.replace(microsecond=0).timestamp())
        return whole_seconds * 1_000_000 + moment.microsecond
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    if number < 1e11:
        number *= 1000
    elif number > 1e14:
        number /= 1000
    return epoch_micros(number)
