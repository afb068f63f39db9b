"""nginx access logs as JSON (``log_format … escape=json``): keys named after variables, and common names for others.

Source: nginx ``ngx_http_log_module``, ``ngx_http_core_module`` and ``ngx_http_upstream_module`` (variables, escaping).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.mapping import (
    Columns,
    From,
    JsonLines,
    Rows,
    convert,
    folded,
    normalise,
    per_distinct,
    split_target,
)
from connectors.base.mapping import Mapping as FormatMapping

SOURCE: Final = "nginx.json"

_REQUEST: Final = r"^(?P<method>[A-Za-z][A-Za-z0-9_-]*) (?P<target>\S+)(?: (?P<protocol>\S+))?$"
#: What the client asked for, as it was sent.
_ASKED: Final = ("request_uri", "requesturi", "full_uri")
_ESCAPED: Final = re.compile(rb"\\x([0-9A-Fa-f]{2})")
_EMPTY_NUMBER: Final = re.compile(rb'":\s*-?\s*([,}])')
_document = msgspec.json.Decoder(dict[str, Any])
#: Several upstreams were tried: "0.010, 0.020" or "0.010 : 0.020"; the last one answered.
_LAST: Final = re.compile(r"[,:]\s*")


def _salvage(record: bytes) -> dict[str, Any] | None:
    """A line written without ``escape=json``: ``\\xHH`` is no JSON, and neither is an empty number."""
    repaired = _EMPTY_NUMBER.sub(rb'":null\1', _ESCAPED.sub(rb"\\u00\1", record))
    try:
        return _document.decode(repaired.decode(errors="replace"))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _last(value: str) -> str:
    return _LAST.split(value)[-1].strip()


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """The request line where its parts are not logged, times of several upstreams, and whose address it is."""
    line = rows.cells("request")
    if line is not None:
        _from_request(rows, pc.extract_regex(convert("text", line), _REQUEST), columns)
    if "query" in columns:
        columns["query"] = pc.fill_null(columns["query"], "")
    took = rows.cells("upstream_response_time")
    if took is not None:
        last = per_distinct(convert("written", took), _last, pa.string())
        columns["upstream_latency_ms"] = convert("seconds", last)
    _client(rows, columns)


def _from_request(rows: Rows, parts: pa.Array, columns: Columns) -> None:
    """``$request`` beats ``$uri`` (decoded and rewritten), ``$request_uri`` beats both."""
    path, query, _ = split_target(pc.struct_field(parts, "target"))
    asked = From(*_ASKED).column(rows)
    certain = pa.nulls(rows.count, pa.bool_()) if asked is None else pc.is_valid(asked)
    certain = pc.fill_null(certain, False)
    for name, column in (("path", path), ("query", query)):
        known = columns.get(name)
        columns[name] = column if known is None else pc.if_else(certain, known, pc.coalesce(column, known))
    for name in ("method", "protocol"):
        column, known = convert("text", pc.struct_field(parts, name)), columns.get(name)
        columns[name] = column if known is None else pc.coalesce(known, column)


def _client(rows: Rows, columns: Columns) -> None:
    """``remote_addr`` is the peer, or what the real_ip module made of a header of a trusted one."""
    client = columns.get("client_ip")
    if client is None:
        return
    before = rows.cells("realip_remote_addr")
    peer = client if before is None else pc.coalesce(convert("address", before), client)
    columns["client_ip_trust"] = pc.if_else(pc.equal(peer, client), "peer", "trusted_hop")


MAPPING: Final = FormatMapping(
    JsonLines(fold=folded, salvage=_salvage),
    {
        "call_id": From("request_id", "req_id", "x_request_id", "http_x_request_id"),
        "ts": From("msec", "time_iso8601", "@timestamp", "timestamp", "time", "time_local", "date", "ts", kind="time"),
        "host": From("http_host", "host", "server_name", "vhost", kind="host"),
        "method": From("request_method", "method", "http_method", "verb"),
        "target": From(*_ASKED, "uri", "path", "url", "request_path", "document_uri"),
        "query": From("args", "query_string", "query", "request_param"),
        "protocol": From("server_protocol", "protocol", "http_version"),
        "upstream": From("proxy_host", "upstream_name", "proxy_upstream_name", "upstream_addr"),
        "client_ip": From("remote_addr", "remote_ip", "client_ip", "client", "clientip", kind="peer"),
        "user_agent": From("http_user_agent", "user_agent", "agent", "ua", "useragent"),
        "country": From("geoip_country_code", "geoip2_data_country_code", "country"),
        "status": From("status", "response_code", "status_code", "response", kind="status"),
        "latency_ms": From("request_time", "duration_s", "request_duration", kind="seconds"),
        "upstream_status": From("upstream_status", kind="status"),
        "request_bytes": From("request_length", "bytes_received", kind="whole"),
        "response_bytes": From("bytes_sent", "body_bytes_sent", "bytes", "size", kind="whole"),
        "request_content_type": From("content_type", "http_content_type"),
        "response_content_type": From("sent_http_content_type"),
        "body": From("request_body"),
    },
    principals=(("user", "remote_user"), ("user", "jwt_claim_sub"), ("caller", "ssl_client_s_dn")),
    finish=_finish,
    also=("request", "upstream_response_time", "realip_remote_addr"),
    numbered=True,
    reasons={"ts": "no readable time (time_iso8601, msec, time_local)"},
)  # fmt: skip

read = partial(normalise, MAPPING)
