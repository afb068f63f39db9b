"""HTTP server spans as neutral calls, by the old and by the stable semantic conventions.

Source: OpenTelemetry semantic conventions for HTTP spans 1.4 … 1.38 and the HTTP migration guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.mapping import Columns, From, Rows, convert, normalise, split_target
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.nested import normalise_nested
from connectors.otel.export import spans_of
from connectors.otel.reading import Attributes, SpanReader, Spans

SOURCE: Final = "otel.spans"

_NANOSECONDS: Final = r"^(?:[0-9]{1,18}|[1-8][0-9]{18})$"
_HEADER: Final = "http.request.header."
_ANSWERED: Final = "http.response.header."


def _from(*names: str, kind: str = "text") -> From:
    return From(*((name,) for name in names), kind=kind)


#: Where a column comes from, stable names first.
_COLUMNS: Final = {
    "method": _from("http.request.method_original", "http.request.method", "http.method"),
    "host": _from(
        f"{_HEADER}host", "server.address", "http.host", "http.server_name", "net.host.name", kind="host"
    ),
    "protocol": _from("network.protocol.version", "http.flavor"),
    "user_agent": _from("user_agent.original", "http.user_agent", f"{_HEADER}user-agent"),
    "status": _from("http.response.status_code", "http.status_code", kind="status"),
    "request_bytes": _from(
        "http.request.size", "http.request.body.size", "http.request_content_length", kind="whole"
    ),
    "response_bytes": _from(
        "http.response.size", "http.response.body.size", "http.response_content_length", kind="whole"
    ),
    "request_content_type": _from(f"{_HEADER}content-type"),
    "response_content_type": _from(f"{_ANSWERED}content-type"),
    "principal": _from("enduser.id", "user.id", kind="written"),
    "session": _from("session.id"),
}
_CLIENT: Final = _from("client.address", "http.client_ip", kind="peer")
_PEER: Final = _from("network.peer.address", "net.sock.peer.addr", "net.peer.ip", kind="peer")
_PATH: Final = _from("url.path")
_TARGET: Final = _from("http.target", "url.full", "http.url")
_QUERY: Final = _from("url.query")
_ROUTE: Final = _from("http.route")
_GATEWAY: Final = _from("service.name")
_STAGE: Final = _from("deployment.environment.name", "deployment.environment")


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    assert isinstance(rows, Spans)  # what the mapping's reader gives
    span, resource = rows.attributes, rows.resources
    for name, source in _COLUMNS.items():
        columns[name] = span.column(source)
    columns["gateway"], columns["stage"] = resource.column(_GATEWAY), resource.column(_STAGE)
    known = pc.is_valid(columns["principal"])
    columns["principal_kind"] = pc.if_else(known, "user", None)
    columns["auth_present"] = pc.if_else(known, True, pa.scalar(None, pa.bool_()))
    ids = convert("text", rows.cells("traceId")), convert("text", rows.cells("spanId"))
    columns["call_id"] = pc.binary_join_element_wise(*ids, "/")
    _took(rows, columns)
    _target(span, columns)
    _client(span, columns)
    # Request headers, where an instrumentation was told to record some.
    headers = span.beginning_with(_HEADER)
    if headers is not None:
        columns["headers"] = convert("headers", headers)


def _took(rows: Spans, columns: Columns) -> None:
    started = _nanoseconds(rows, "startTimeUnixNano")
    ended = _nanoseconds(rows, "endTimeUnixNano")
    # A number of nanoseconds and nothing else: a small one is a clock that was not set.
    columns["ts"] = convert("time", pc.if_else(pc.greater(started, 10**17), started, None))
    took = pc.subtract(pc.fill_null(ended, 0), pc.fill_null(started, 0))
    fits = pc.and_(pc.greater(pc.fill_null(started, 0), 0), pc.greater_equal(took, 0))
    columns["latency_ms"] = convert("nanos", pc.if_else(fits, took, None))


def _nanoseconds(rows: Spans, path: str) -> pa.Array:
    """Nanoseconds since the epoch, written as text because JSON numbers are too small for them."""
    texts = convert("written", rows.cells(path))
    fits = pc.match_substring_regex(texts, _NANOSECONDS)
    return pc.cast(pc.if_else(fits, texts, None), pa.int64())


def _target(span: Attributes, columns: Columns) -> None:
    """``url.path`` and ``url.query``; else the target or URL of the old convention."""
    path, asked = span.column(_PATH), span.column(_QUERY)
    old_path, old_query, host = split_target(span.column(_TARGET))
    stable = pc.is_valid(path)
    columns["path"] = pc.coalesce(path, old_path)
    # The stable convention leaves url.query out when none was sent.
    columns["query"] = pc.if_else(stable, pc.utf8_ltrim(pc.fill_null(asked, ""), "?"), old_query)
    if host is not None:
        columns["host"] = pc.coalesce(columns["host"], convert("host", host))
    route = span.column(_ROUTE)
    columns["declared_route"] = pc.binary_join_element_wise(columns["method"], route, " ")


def _client(span: Attributes, columns: Columns) -> None:
    """``client.address`` may come from a Forwarded header; only the peer of the connection is sure."""
    client, peer = span.column(_CLIENT), span.column(_PEER)
    columns["client_ip"] = pc.coalesce(client, peer)
    same = pc.fill_null(pc.equal(columns["client_ip"], peer), False)
    trust = pc.if_else(same, "peer", "header")
    columns["client_ip_trust"] = pc.if_else(pc.is_valid(columns["client_ip"]), trust, None)


MAPPING: Final = FormatMapping(
    SpanReader(),
    {},
    finish=_finish,
    reasons={
        "ts": "the span has no readable startTimeUnixNano",
        "method": "the span has no HTTP method",
        "path": "the span has no url.path, http.target or URL",
    },
)


def read(batch: RawBatch) -> CallBatch:
    """Neutral calls of OTLP JSON lines, or of spans a push was taken apart into; never raises."""
    return normalise_nested(batch, spans_of, lambda inner: normalise(MAPPING, inner))
