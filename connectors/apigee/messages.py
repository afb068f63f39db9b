"""Apigee message logs as JSON lines: whatever flow variables the customer's MessageLogging policy writes.

There is no fixed format, so keys are matched by name in lower case with ``. - /`` as ``_``: analytics
dimensions (``ax_resolved_client_ip``), flow variables (``client.ip``) and Cloud Logging's envelope
(``jsonPayload``, ``insertId``) are all understood. Source: Apigee flow variables and analytics reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.columns import made_id
from connectors.base.mapping import Columns, From, JsonLines, Rows, folded
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.mapping import normalise as run
from connectors.base.mapping.kernels import constant, where

SOURCE: Final = "apigee.messages"

_SEPARATE: Final = ("claim_subject", "claim_sub")
_SUFFIXES: Final = ("request_path", "path", "proxy_pathsuffix")
_BASES: Final = ("proxy_basepath", "basepath")
_UNIQUE: Final = (
    "gateway_flow_id",
    "apiproxy",
    "proxy_pathsuffix",
    "request_verb",
    "proxy.name",
    "proxy.basepath",
)


@lru_cache(maxsize=8192)
def _folded(key: str) -> str:
    """A key as the mapping writes it. Claims are named after the policy that checked the token."""
    name = folded(key).removesuffix("_values_string")
    return "subject" if name.endswith(_SEPARATE) else name


def _payload(record: dict[str, Any]) -> dict[str, Any]:
    """The object with the variables: Cloud Logging wraps it in an entry with an id and a time."""
    payload = record.get("jsonPayload")
    if not isinstance(payload, dict):
        return record
    return {**{key: record[key] for key in ("insertId", "timestamp") if key in record}, **payload}


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """Paths that were logged in two parts, and targets without their first slash."""
    path = columns.get("path")
    if path is None or path.null_count:
        joined = _joined(rows)
        path = columns["path"] = joined if path is None else pc.coalesce(path, joined)
    rootless = pc.invert(pc.starts_with(path, "/"))
    if pc.any(rootless).as_py():
        slash = pc.binary_join_element_wise("/", path, "")
        columns["path"] = pc.if_else(rootless, slash, path)
    query = columns.get("query")
    query = constant("", rows.count) if query is None else pc.fill_null(query, "")
    marks = pc.starts_with(query, "?")
    columns["query"] = pc.if_else(marks, pc.utf8_slice_codeunits(query, 1), query)


def _joined(rows: Rows) -> pa.Array:
    """Base path and suffix as one path; null where they do not begin with a slash."""
    suffixes = From(*_SUFFIXES).column(rows)
    bases = From(*_BASES).column(rows)
    nothing = constant("", rows.count)
    suffix = pc.fill_null(suffixes, "") if suffixes is not None else nothing
    base = pc.fill_null(bases, "") if bases is not None else nothing
    trimmed = pc.binary_join_element_wise(pc.utf8_rtrim(base, "/"), pc.utf8_ltrim(suffix, "/"), "/")
    joined = pc.if_else(pc.equal(suffix, ""), base, trimmed)
    return where(pc.starts_with(joined, "/"), joined)


#: Flow variables and dimensions by column, best first, in folded spelling.
MAPPING: Final = FormatMapping(
    JsonLines(fold=_folded, unwrap=_payload),
    {
        "call_id": From("gateway_flow_id", "messageid", "message_id", "insertid", "request_id"),
        "ts": From(
            "client_received_start_timestamp", "client_received_end_timestamp", "request_received_timestamp",
            "system_timestamp", "request_time", "timestamp", "time", kind="time",
        ),
        "gateway": From("apiproxy", "apiproxy_name", "proxy_name", "proxy"),
        "stage": From("environment", "environment_name", "env"),
        "host": From(
            "virtual_host", "request_header_host", "virtualhost_name", "x_forwarded_host", "host", kind="host"
        ),
        "method": From("request_verb", "verb", "method", "request_method", "http_method"),
        "target": From("request_uri", "uri", "message_uri", "request_path_full"),
        "query": From("request_querystring", "querystring", "query_string", "message_querystring"),
        "declared_route": From("current_flow_name", "flow_name", "proxy_flow_name"),
        "upstream": From("target_host", "target_url", "target"),
        "client_ip": From(
            "ax_resolved_client_ip", "client_ip", "proxy_client_ip", "ax_true_client_ip", "remote_ip",
            kind="first_address",
        ),
        "consumer": From("developer_app", "developer_app_name", "app_name", "apiproduct_app"),
        "user_agent": From("useragent", "user_agent", "request_header_user_agent", "request_user_agent"),
        "country": From("ax_geo_country", "client_country", "country"),
        "status": From(
            "response_status_code", "message_status_code", "status_code", "status", kind="status"
        ),
        "latency_ms": From(
            "total_response_time", "total_response_time_ms", "latency_ms", "total_latency", kind="millis"
        ),
        "upstream_status": From(
            "target_response_code", "target_response_status_code", kind="status"
        ),
        "upstream_latency_ms": From(
            "target_response_time", "target_latency", "target_response_time_ms", kind="millis"
        ),
        "request_bytes": From(
            "request_size", "request_content_length", "request_header_content_length", kind="whole"
        ),
        "response_bytes": From("response_size", "response_content_length", kind="whole"),
        "request_content_type": From("request_header_content_type", "request_content_type"),
        "response_content_type": From("response_header_content_type", "response_content_type"),
        "body": From("request_content", "request_body"),
        "response_body": From("response_content", "response_body"),
    },
    principals=(
        ("user", "subject"), ("user", "jwt_subject"), ("user", "user_id"), ("user", "access_token_user"),
        ("consumer", "developer_app"), ("consumer", "developer_app_name"), ("consumer", "app_name"),
        ("consumer", "apiproduct_app"), ("user", "developer_email"), ("user", "developer"),
        ("key", "client_id"), ("key", "apikey"), ("key", "consumer_key"), ("key", "request_queryparam_apikey"),
    ),
    trust="trusted_hop",
    finish=_finish,
    also=(*_SUFFIXES, *_BASES),
    record_id=made_id,
    reasons={
        "ts": "no readable time (client_received_start_timestamp)",
        "method": "no request verb or no request URI",
        "path": "no request verb or no request URI",
    },
)  # fmt: skip


def looks_like_apigee(head: bytes, filename: str) -> float:
    """Apigee's own variable names in the first line."""
    first = head.lstrip().split(b"\n", 1)[0]
    if not first.startswith(b"{"):
        return 0.0
    marks = sum(f'"{name}"'.encode() in first for name in _UNIQUE)
    return min(0.97, 0.45 * marks)


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of Apigee log lines; never raises."""
    return run(MAPPING, batch)
