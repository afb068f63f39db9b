"""Fastly's log lines (JSON, keys chosen by the customer) and requests of its Next-Gen WAF as neutral calls.

Sources: Fastly "Custom log formats" and the examples of its logging guides; Next-Gen WAF "Get request feed" (camel case)
and the Security API's "Requests" (snake case). The agent answers 200 for what may pass; anything from 300 on was its own
answer, so the request was blocked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.mapping import (
    Columns,
    From,
    Headers,
    JsonLines,
    Rows,
    convert,
    each,
    folded,
    given,
    one_of,
)
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.mapping import normalise as run
from connectors.base.mapping.kernels import coalesced, marked

LINES: Final = "fastly.log"
WAF: Final = "fastly.ngwaf"

#: Parts of keys that Fastly's own formats have, for recognising a line.
_MARKS: Final = (
    b'"fastly', b'"service_id"', b'"time_start"', b'"time_elapsed"', b'"resp_body_size"', b'"response_body_size"',
    b'"geo_country"', b'"pop"', b'"datacenter"', b'"is_tls"', b'"cache_status"', b'"response_state"',
)  # fmt: skip


def _finish_line(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """Elapsed microseconds, and whether a logged credential was there."""
    elapsed = rows.cells("time_elapsed")
    if elapsed is not None:
        columns["latency_ms"] = coalesced(columns.get("latency_ms"), convert("micros", elapsed))
    credential = rows.cells("authorization_present")
    if credential is not None:
        columns["auth_present"] = convert("flag", credential)
    if "waf_action" in columns:
        ran = rows.cells("waf_executed")
        passed = marked(convert("flag", ran), "ALLOW") if ran is not None else None
        columns["waf_action"] = coalesced(columns["waf_action"], passed)


def _headers(value: Any) -> Any:
    """Pairs of name and value, as the older feed has them, in the newer form."""
    if type(value) is list and value and all(type(pair) is list and len(pair) == 2 for pair in value):
        return [{"name": name, "value": text} for name, text in value]
    return value if type(value) in (list, dict) else None


def _signals(value: Any) -> list[str] | None:
    if type(value) is not list:
        return None
    found = [(item.get("type") or item.get("id")) if type(item) is dict else item for item in value]
    return list(dict.fromkeys(name for name in found if type(name) is str))


def _finish_waf(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """Headers and what they say, and what the agent answered."""
    older, newer = each(given(rows, "sent")), each(given(rows, "sent_now"))
    sent = Headers([new if old is None else old for old, new in zip(older, newer, strict=True)])
    columns["headers"] = sent.column()
    columns["user_agent"] = coalesced(columns.get("user_agent"), convert("text", sent.values("user-agent")))
    columns["host"] = pc.coalesce(convert("host", sent.values("host")), columns["host"])
    columns["request_content_type"] = convert("text", sent.values("content-type"))
    columns["auth_present"] = marked(convert("text", sent.values("authorization")), True)
    agent = convert("status", given(rows, "agentResponseCode"))
    agent = pc.coalesce(agent, convert("status", given(rows, "agent_response_code")))
    nothing = pa.scalar(None, pa.string())
    passed = pc.if_else(pc.is_valid(agent), "COUNT", nothing)
    columns["waf_action"] = pc.if_else(pc.fill_null(pc.greater_equal(agent, 300), False), "BLOCK", passed)


LINE_MAPPING: Final = FormatMapping(
    JsonLines(fold=folded),
    {
        "call_id": From("request_id", "fastly_request_id", "x_request_id"),
        "ts": From("time_start", "timestamp", "start_time", "time", "begin", "request_start", "time_end", kind="time"),
        "gateway": From("service_id", "fastly_service_id", "service", "service_name"),
        "host": From("host", "request_host", "fastly_orig_host", "orig_host", "req_host", kind="host"),
        "method": From("request_method", "method", "req_method", "request", "verb"),
        "target": From("url", "request_url", "request_uri", "uri", "req_url"),
        "path": From("path", "request_path", "url_path"),
        "query": From("query", "query_string", "request_query"),
        "protocol": From("protocol", "request_protocol", "req_proto", "proto"),
        "upstream": From("backend", "backend_name", "origin_host", "origin"),
        "client_ip": From("client_ip", "fastly_client_ip", "remote_ip", "clientip", kind="address"),
        "user_agent": From("request_user_agent", "user_agent", "useragent", "ua"),
        "ja3": From("tls_client_ja3_md5", "ja3", "ja3_md5"),
        "ja4": From("tls_client_ja4", "ja4"),
        "country": From("geo_country_code", "client_geo_country_code", "country_code", "geo_country", "country"),
        "asn": From("client_as_number", "as_number", "asn", kind="whole"),
        "status": From("status", "response_status", "resp_status", "status_code", kind="status"),
        "latency_ms": From("time_elapsed_msec", "elapsed_ms", "latency_ms", "duration_ms", kind="millis"),
        "request_bytes": From("req_total_size", "request_size", "request_bytes", "req_body_size", kind="whole"),
        "response_bytes": From(
            "resp_total_size", "bytes_sent", "response_size", "response_body_size", "resp_body_size", "bytes",
            kind="whole",
        ),
        "response_content_type": From("content_type", "response_content_type", "resp_content_type"),
        "waf_action": From("waf_blocked", kind="written", choices=one_of(**{"1": "BLOCK", "true": "BLOCK"})),
    },
    trust="peer",
    finish=_finish_line,
    also=("time_elapsed", "authorization_present", "waf_executed"),
    reasons={"ts": "no readable time (time_start or timestamp)"},
)  # fmt: skip

WAF_MAPPING: Final = FormatMapping(
    JsonLines(
        computed={
            "sent": ("headersIn", _headers),
            "sent_now": ("request_headers", _headers),
            "tagged": ("tags", _signals),
            "signalled": ("signals", _signals),
        }
    ),
    {
        "call_id": From("id"),
        "ts": From("timestamp", kind="time"),
        "gateway": From("serverName", "server_name"),
        "host": From("serverHostname", "server_hostname", kind="host"),
        "method": From("method"),
        "target": From("uri", "path"),
        "protocol": From("protocol"),
        "client_ip": From("remoteIP", "remote_ip", kind="address"),
        "user_agent": From("userAgent", "user_agent"),
        "country": From("remoteCountryCode", "country"),
        "status": From("responseCode", "response_code", kind="status"),
        "latency_ms": From("responseMillis", "response_time", kind="millis"),
        "response_bytes": From("responseSize", "response_size", kind="whole"),
        "waf_rules": From("tagged", "signalled", kind="texts"),
    },
    trust="trusted_hop",
    finish=_finish_waf,
    also=("sent", "sent_now", "agentResponseCode", "agent_response_code"),
)


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of either source, by ``batch.source``; never raises."""
    return run(WAF_MAPPING if batch.source == WAF else LINE_MAPPING, batch)


def source_of(line: bytes) -> str:
    """Requests of the Next-Gen WAF by the agent's answer; any other JSON is a line of log streaming."""
    return WAF if b'"agentResponseCode"' in line or b'"agent_response_code"' in line else LINES


def marks(line: bytes) -> int:
    """How many of Fastly's usual keys a line has."""
    return sum(mark in line for mark in _MARKS)
