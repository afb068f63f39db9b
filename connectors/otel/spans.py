"""HTTP server spans as neutral calls, by the old and by the stable semantic conventions.

Source: OpenTelemetry semantic conventions for HTTP spans 1.4 … 1.38 and the HTTP migration guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.mapping import Columns, From, JsonLines, Rows, convert, normalise, split_target
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.nested import normalise_nested
from connectors.otel.export import spans_of

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


class _Attributes:
    """Attributes of every record as columns."""

    def __init__(self, cells: Any, known: dict[int, dict[str, Any]] | None = None) -> None:
        listed = cells if isinstance(cells, list) else cells.to_pylist()
        self.rows = [_read(cell) for cell in listed]
        self.count = len(self.rows)

    def cells(self, path: Any) -> list[Any]:
        """One attribute of every record."""
        name = path[0]
        return [row.get(name) for row in self.rows]

    def column(self, source: From) -> pa.Array:
        """The first of the attributes that says something."""
        found = source.column(self)
        return convert(source.kind, [None] * self.count) if found is None else found

    def headers(self) -> pa.Array | None:
        """Request headers, where an instrumentation was told to record some."""
        rows = [
            {name[len(_HEADER) :]: value for name, value in row.items() if name.startswith(_HEADER)} or None
            for row in self.rows
        ]
        return convert("headers", rows) if any(rows) else None


def _read(attributes: Any) -> dict[str, Any]:
    if type(attributes) is not list:
        return {}
    found: dict[str, Any] = {}
    for attribute in attributes:
        try:
            (value,) = attribute["value"].values()
            found[attribute["key"]] = value if type(value) is not dict else _first(value)
        except (TypeError, KeyError, ValueError, AttributeError):
            continue
    return {name: value for name, value in found.items() if type(name) is str}


def _first(value: dict[str, Any]) -> Any:
    """A list of texts as one; headers are lists, nearly always of one."""
    entries = value.get("values")
    texts = (
        [next(iter(entry.values()), None) for entry in entries if type(entry) is dict]
        if type(entries) is list
        else []
    )
    return ", ".join(text for text in texts if type(text) is str) or None


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    span = _Attributes(_cells(rows, "span.attributes"))
    resource = _Attributes(_cells(rows, "resource.attributes"))
    for name, source in _COLUMNS.items():
        columns[name] = span.column(source)
    columns["gateway"], columns["stage"] = resource.column(_GATEWAY), resource.column(_STAGE)
    known = pc.is_valid(columns["principal"])
    columns["principal_kind"] = pc.if_else(known, "user", None)
    columns["auth_present"] = pc.if_else(known, True, pa.scalar(None, pa.bool_()))
    ids = convert("text", _cells(rows, "span.traceId")), convert("text", _cells(rows, "span.spanId"))
    columns["call_id"] = pc.binary_join_element_wise(*ids, "/")
    _took(rows, columns)
    _target(span, columns)
    _client(span, columns)
    headers = span.headers()
    if headers is not None:
        columns["headers"] = headers


def _cells(rows: Rows, path: str) -> Any:
    cells = rows.cells(path)
    return [None] * rows.count if cells is None else cells


def _took(rows: Rows, columns: Columns) -> None:
    started = _nanoseconds(rows, "span.startTimeUnixNano")
    ended = _nanoseconds(rows, "span.endTimeUnixNano")
    # A number of nanoseconds and nothing else: a small one is a clock that was not set.
    columns["ts"] = convert("time", pc.if_else(pc.greater(started, 10**17), started, None))
    took = pc.subtract(pc.fill_null(ended, 0), pc.fill_null(started, 0))
    fits = pc.and_(pc.greater(pc.fill_null(started, 0), 0), pc.greater_equal(took, 0))
    columns["latency_ms"] = convert("nanos", pc.if_else(fits, took, None))


def _nanoseconds(rows: Rows, path: str) -> pa.Array:
    """Nanoseconds since the epoch, written as text because JSON numbers are too small for them."""
    texts = convert("written", _cells(rows, path))
    fits = pc.match_substring_regex(texts, _NANOSECONDS)
    return pc.cast(pc.if_else(fits, texts, None), pa.int64())


def _target(span: _Attributes, columns: Columns) -> None:
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


def _client(span: _Attributes, columns: Columns) -> None:
    """``client.address`` may come from a Forwarded header; only the peer of the connection is sure."""
    client, peer = span.column(_CLIENT), span.column(_PEER)
    columns["client_ip"] = pc.coalesce(client, peer)
    same = pc.fill_null(pc.equal(columns["client_ip"], peer), False)
    trust = pc.if_else(same, "peer", "header")
    columns["client_ip_trust"] = pc.if_else(pc.is_valid(columns["client_ip"]), trust, None)


MAPPING: Final = FormatMapping(
    JsonLines(repeated=("resource",)),
    {},
    finish=_finish,
    also=(
        "span.traceId",
        "span.spanId",
        "span.startTimeUnixNano",
        "span.endTimeUnixNano",
        "span.attributes",
        "resource.attributes",
    ),
    reasons={
        "ts": "no OTLP export request and no span (it has no start time)",
        "method": "the span has no HTTP method",
        "path": "the span has no url.path, http.target or URL",
    },
)


def read(batch: RawBatch) -> CallBatch:
    """Neutral calls of OTLP JSON lines, or of spans a push was taken apart into; never raises."""
    return normalise_nested(batch, spans_of, lambda inner: normalise(MAPPING, inner))
