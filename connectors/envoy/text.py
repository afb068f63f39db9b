"""Envoy's default access log line and the two that Istio made of it.

Source: Envoy "Access logging" (default format string), Istio "Getting Envoy's access logs". Header values are written
as they are: one that holds quotes breaks its line, which is then set aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, Quarantined, RawBatch
from connectors.base.columns import whole
from connectors.base.mapping import Columns, From, Rows, Words, convert, normalise, split_target
from connectors.base.mapping import Mapping as FormatMapping
from connectors.envoy.outcome import finish_client, finish_outcome, forwarded_of, text_of

SOURCE: Final = "envoy.text"

_START: Final = ("start", "request", "status", "flags")
_MIDDLE: Final = (
    "received", "sent", "duration", "upstream_time", "forwarded", "user_agent", "request_id", "authority",
    "upstream_host",
)  # fmt: skip
_END: Final = ("cluster", "upstream_local", "downstream_local", "downstream", "server_name", "route")
_DEFAULT: Final = (*_START, *_MIDDLE)
_ISTIO: Final = (*_START, "details", "terminated", "failure", *_MIDDLE, *_END)
_ISTIO_BEFORE_1_9: Final = (*_START, "metadata", "failure", *_MIDDLE, *_END)
_REQUEST: Final = r"^(?P<method>[A-Za-z][A-Za-z0-9_-]*) (?P<target>\S+)(?: (?P<protocol>\S+))?$"


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    columns["ts"] = convert("time", pc.utf8_trim(text_of(rows, "start"), "[]"))
    parts = pc.extract_regex(text_of(rows, "request"), _REQUEST)
    path, query, host = split_target(pc.struct_field(parts, "target"))
    columns["path"], columns["query"] = path, query
    if host is not None:
        columns["host"] = pc.coalesce(columns["host"], convert("host", host))
    columns["protocol"] = convert("text", pc.struct_field(parts, "protocol"))
    # A value with quotes in it shifts the fields; then this one is no number.
    received = pc.match_substring_regex(text_of(rows, "received"), r"^[0-9]+$")
    fitting = pc.fill_null(received, False)
    columns["method"] = pc.if_else(fitting, pc.struct_field(parts, "method"), None)
    finish_client(columns, forwarded_of(rows, "forwarded"))
    finish_outcome(rows, columns, "flags", "details")


def _mapping(names: tuple[str, ...]) -> FormatMapping:
    upstream = ("cluster", "upstream_host") if "cluster" in names else ("upstream_host",)
    columns = {
        "call_id": From("request_id"),
        "host": From("authority", kind="host"),
        "declared_route": From("route"),
        "upstream": From(*upstream),
        "client_ip": From("downstream", kind="peer"),
        "user_agent": From("user_agent"),
        "status": From("status", kind="status"),
        "latency_ms": From("duration", kind="millis"),
        "upstream_latency_ms": From("upstream_time", kind="millis"),
        "request_bytes": From("received", kind="whole"),
        "response_bytes": From("sent", kind="whole"),
    }
    return FormatMapping(
        Words(names, len(names)),
        {name: source for name, source in columns.items() if set(source.paths) & set(names)},
        finish=_finish,
        reasons={
            "ts": "the line does not begin with a time in brackets",
            "method": "no HTTP request, or its fields are not in the order of Envoy's or Istio's default format",
        },
    )


#: By how many quotes a line has.
_LAYOUTS: Final = {14: _mapping(_ISTIO), 16: _mapping(_ISTIO_BEFORE_1_9)}
_OTHER: Final = _mapping(_DEFAULT)


def read(batch: RawBatch) -> CallBatch:
    """Neutral calls of Envoy's lines; never raises. Lines of different layouts may be mixed."""
    groups: dict[int, list[int]] = {}
    for place, record in enumerate(batch.records):
        quotes = record.count(b'"')
        groups.setdefault(quotes if quotes in _LAYOUTS else 0, []).append(place)
    if len(groups) < 2:
        layout = _LAYOUTS.get(next(iter(groups), 0), _OTHER)
        return normalise(layout, batch)
    first = whole(batch.context.get("first_line"))
    tables: list[pa.Table] = []
    bad: list[tuple[int, Quarantined]] = []
    for quotes, places in groups.items():
        records = tuple(batch.records[place] for place in places)
        context = {**batch.context, "first_line": "0"}
        found = normalise(_LAYOUTS.get(quotes, _OTHER), replace(batch, records=records, context=context))
        tables.append(found.table)
        bad += [(places[entry.line or 0], entry) for entry in found.quarantined]
    aside = [
        replace(entry, line=None if first is None else first + at)
        for at, entry in sorted(bad, key=lambda one: one[0])
    ]
    return CallBatch(batch.source, pa.concat_tables(tables), tuple(aside))
