"""Rows of Konnect's ``POST /v2/api-requests``: one per request, without a plugin in the gateway.

Source: Konnect Advanced Analytics "API requests" specification (field names of a row).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.mapping import Columns, From, JsonLines, Rows, convert, normalise
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.mapping.kernels import constant, per_distinct
from connectors.base.nested import normalise_nested

SOURCE: Final = "kong.konnect"

#: ``control_plane_id:entity_id``, as rows name entities: ids of entities are unique within a control plane only.
_SCOPED: Final = r"^[0-9a-f-]{36}:(.+)$"


class _Page(msgspec.Struct):
    results: list[msgspec.Raw]


_page = msgspec.json.Decoder(_Page)


def _rows(record: bytes) -> list[bytes] | None:
    """The rows of an answer, which holds a page of them; None for a row by itself."""
    if b'"results"' not in record:
        return None
    try:
        return [bytes(row) for row in _page.decode(record).results]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _names(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """Ids as the configuration has them, without their control plane; names in place of ids where they are known."""
    for name in ("gateway", "declared_route", "upstream"):
        if name in columns:
            columns[name] = pc.replace_substring_regex(columns[name], _SCOPED, r"\1")
    known = {
        key.removeprefix("consumer:"): name for key, name in context.items() if key.startswith("consumer:")
    }
    for name in ("consumer", "principal"):
        if name in columns:
            plain = pc.replace_substring_regex(columns[name], _SCOPED, r"\1")
            columns[name] = per_distinct(plain, lambda text: known.get(text, text), pa.string())
    if "workspace" in context:
        columns["stage"] = constant(context["workspace"], rows.count)


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """An upstream that was not asked took no time; what Kong answered itself with 403 or 429 is a block."""
    _names(rows, columns, context)
    asked = pc.is_valid(columns.get("upstream_status", pa.nulls(rows.count, pa.int16())))
    if "upstream_latency_ms" in columns:
        columns["upstream_latency_ms"] = pc.if_else(asked, columns["upstream_latency_ms"], None)
    sources = rows.cells("response_source")
    if sources is None or "status" not in columns:
        return
    own = pc.equal(pc.utf8_lower(convert("text", sources)), "kong")
    refused = pc.is_in(columns["status"], pa.array([403, 429], pa.int16()))
    blocked = pc.fill_null(pc.and_(pc.and_(own, refused), pc.invert(asked)), False)
    columns["waf_action"] = pc.if_else(blocked, "BLOCK", None)


MAPPING: Final = FormatMapping(
    JsonLines(),
    {
        "call_id": From("request_id", "trace_id"),
        "ts": From("request_start", kind="time"),
        "gateway": From("gateway_service", "control_plane"),
        "stage": From("control_plane"),
        "host": From("header_host", kind="host"),
        "method": From("http_method"),
        "target": From("request_uri"),
        "declared_route": From("route"),
        "protocol": From("request_protocol", "upstream_protocol"),
        "upstream": From("upstream_uri", "gateway_service"),
        "client_ip": From("client_ip", kind="peer"),
        "consumer": From("consumer", "application"),
        "user_agent": From("header_user_agent"),
        "country": From("country_code", "iso_country_code"),
        "status": From("response_http_status", "status_code", kind="status"),
        "latency_ms": From("latencies_response_ms", "latencies_response", kind="millis"),
        "upstream_status": From("upstream_status", "upstream_status_code", kind="status"),
        "upstream_latency_ms": From("latencies_upstream_ms", "latencies_upstream", kind="millis"),
        "request_bytes": From("request_body_size", kind="whole"),
        "response_bytes": From("response_body_size", kind="whole"),
        "response_content_type": From("response_header_content_type"),
    },
    principals=(("consumer", "consumer"), ("consumer", "application"), ("caller", "principal")),
    trust="trusted_hop",
    finish=_finish,
    also=("response_source",),
    reasons={"ts": "no readable request_start", "path": "the row has no request_uri"},
)

_run = partial(normalise, MAPPING)


def read(batch: RawBatch) -> CallBatch:
    """Neutral calls of rows, or of answers that hold a page of them; never raises."""
    return normalise_nested(batch, _rows, _run)


def looks_like_konnect(head: bytes, filename: str) -> float:
    """Names that only these rows have."""
    if not head.lstrip().startswith((b"{", b"[")):
        return 0.0
    start = head[:16384]
    marks = (
        b'"request_start"',
        b'"response_http_status"',
        b'"request_uri"',
        b'"header_user_agent"',
        b'"http_method"',
    )
    hits = sum(mark in start for mark in marks)
    return (0.0, 0.1, 0.3, 0.8, 0.95, 0.97)[hits]
