"""Envoy access logs as JSON: Istio's and Envoy Gateway's default keys, and common names for customers' own.

Keys are compared without case, and with ``_`` for ``. - /``. Source: Envoy "Access logging" (command operators), Istio
``accessLogEncoding: JSON``, Envoy Gateway's default format.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from connectors.base.mapping import Columns, From, JsonLines, Rows, folded, normalise
from connectors.base.mapping import Mapping as FormatMapping
from connectors.envoy.outcome import finish_client, finish_outcome, forwarded_of

SOURCE: Final = "envoy.json"


def _entry(record: dict[str, Any]) -> dict[str, Any]:
    """The log entry; shippers and Cloud Logging put it into one member of their own."""
    for name in ("json", "jsonPayload", "log", "message"):
        inner = record.get(name)
        if isinstance(inner, dict) and len(inner) > 4:
            return inner
    return record


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    forwarded = forwarded_of(rows, "x_forwarded_for")
    finish_client(columns, forwarded)
    finish_outcome(rows, columns, "response_flags", "response_code_details")


MAPPING: Final = FormatMapping(
    JsonLines(fold=folded, unwrap=_entry),
    {
        "call_id": From("request_id", "x_request_id", "req_id"),
        "ts": From("start_time", "timestamp", "@timestamp", "time", kind="time"),
        "stage": From("pod_namespace", "namespace"),
        "host": From("authority", ":authority", "host", "x_envoy_original_host", kind="host"),
        "method": From("method", ":method", "request_method", "http_method"),
        "target": From(
            "x_envoy_original_path", "x_envoy_origin_path", "original_path", "path", ":path", "request_path", "uri", "url"
        ),
        "declared_route": From("route_name", "route"),
        "protocol": From("protocol"),
        "upstream": From("upstream_cluster", "upstream_host"),
        "client_ip": From(
            "downstream_remote_address", "downstream_remote_address_without_port", "remote_address",
            "downstream_direct_remote_address", "client_address", "client_ip", kind="peer",
        ),
        "user_agent": From("user_agent", "useragent"),
        "ja3": From("ja3", "tls_ja3_fingerprint", "ja3_fingerprint"),
        "ja4": From("ja4", "tls_ja4_fingerprint", "ja4_fingerprint"),
        "status": From("response_code", "status", "status_code", "code", kind="status"),
        "latency_ms": From("duration", "duration_ms", "response_duration", kind="millis"),
        "upstream_latency_ms": From(
            "upstream_service_time", "x_envoy_upstream_service_time", "upstream_time", kind="millis"
        ),
        "request_bytes": From("bytes_received", "request_bytes", kind="whole"),
        "response_bytes": From("bytes_sent", "response_bytes", kind="whole"),
        "request_content_type": From("content_type", "request_content_type"),
        "response_content_type": From("response_content_type"),
    },
    principals=(
        ("user", "jwt_sub"), ("user", "sub"), ("caller", "downstream_peer_uri_san"), ("caller", "downstream_peer_subject"),
    ),
    finish=_finish,
    also=("x_forwarded_for", "response_flags", "response_code_details"),
    reasons={
        "ts": "no readable time (start_time)",
        "method": "no HTTP method: not an HTTP request, or under a key that is not known",
    },
)  # fmt: skip

read = partial(normalise, MAPPING)
