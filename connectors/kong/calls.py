"""Receive Kong's http-log pushes (and pull from Konnect) and turn its log records into neutral calls.

Source: Kong ``kong/pdk/log.lua`` (documented serializer) 0.11 … 3.15. Known variants: numbers as strings, empty
lists as ``{}``, repeated headers as lists, ``request_uri`` for ``uri``, no ``request.id`` before 3.5.

Cookies, API keys and other credentials only feed the principal and session columns, which the door hashes;
the header column itself is dropped there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.capabilities import Cursor
from connectors.base.clock import wall_clock
from connectors.base.columns import made_id
from connectors.base.mapping import Columns, From, JsonLines, Rows, convert, each, given
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.mapping import normalise as run
from connectors.base.mapping.kernels import coalesced, constant, per_distinct
from connectors.base.model import ConfigSnapshot
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.egress import Egress
from connectors.kong.control_plane import ControlPlaneApi
from connectors.kong.form import KongSettings
from connectors.kong.identity import CALLER_FIELDS, caller_columns
from connectors.kong.konnect import SOURCE as KONNECT
from connectors.kong.konnect import read as read_konnect
from connectors.kong.requests import pull

SOURCE: Final = "kong.http_log"

_BLOCKED: Final = pa.array([403, 429], pa.int16())
_NO_URI: Final = "the record names no method or no URI"


class Calls(Receiver):
    """Takes what the http-log plugin pushes, and pulls what Konnect recorded."""

    joins = True

    def __init__(
        self, settings: KongSettings, egress: Egress, *, clock: Callable[[], datetime] = wall_clock
    ) -> None:
        self._settings, self._egress, self._clock = settings, egress, clock
        self._workspace = _only_workspace(settings)

    def read_calls(
        self, cursor: Cursor, snapshot: ConfigSnapshot | None
    ) -> Iterator[tuple[RawBatch, Cursor]]:
        """Konnect's rows of API requests; nothing for a self-hosted Kong, which pushes its calls."""
        if self._settings.in_konnect and self._settings.pull_requests:
            api = ControlPlaneApi(self._settings, self._egress)
            yield from pull(api, cursor, snapshot, self._clock())

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The records of one push: a JSON array (batched), one object, or one object per line."""
        return RawBatch(
            SOURCE, json_records(body, "Kong log records as JSON"), {"workspace": self._workspace}
        )

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a record that cannot be read is quarantined with its reason."""
        return read_konnect(batch) if batch.source == KONNECT else normalise(batch)


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of Kong log records; never raises."""
    return run(MAPPING, batch)


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """What takes more than one field: the caller, blocks, and what old versions leave out."""
    if columns["headers"].null_count:  # a record without headers is a request that sent none
        columns["headers"] = convert("headers", [row or [] for row in _header_rows(columns["headers"])])
    _addresses(rows, columns)
    columns.update(caller_columns(rows))
    workspace = context.get("workspace", "default")
    if workspace:
        columns["stage"] = coalesced(columns["stage"], constant(workspace, rows.count))
    _blocks(rows, columns)
    if columns["call_id"].null_count:
        _old_ids(rows, columns)
    _old_queries(rows, columns)


def _header_rows(column: pa.Array) -> list[Any]:
    return [row and [{"name": name, "value": value} for name, value in row] for row in column.to_pylist()]


def _only_workspace(settings: KongSettings) -> str:
    """The workspace of records that do not name theirs; "" when it may be one of several."""
    if settings.in_konnect:
        return settings.control_plane
    if settings.all_workspaces or len(settings.workspaces) > 1:
        return ""
    return settings.workspace or "default"


def _list(rows: Rows, path: str) -> list[Any]:
    return each(given(rows, path))


def _addresses(rows: Rows, columns: Columns) -> None:
    """Scheme and host of the URL, the upstream that was tried last, and how far the client's address is trusted."""
    urls = convert("raw", given(rows, "request.url"))
    columns["protocol"] = pc.struct_field(pc.extract_regex(urls, r"^(?P<scheme>[^:/]*)://"), "scheme")
    if columns["host"].null_count:
        columns["host"] = pc.coalesce(columns["host"], per_distinct(urls, _url_host, pa.string()))
    forwarded = convert("raw", given(rows, "request.headers.x-forwarded-for"))
    if forwarded.null_count < rows.count:
        pairs = zip(columns["client_ip"].to_pylist(), forwarded.to_pylist(), strict=True)
        trust = [
            None if ip is None else "trusted_hop" if hops and ip in hops else "peer" for ip, hops in pairs
        ]
        columns["client_ip_trust"] = pa.array(trust, pa.string())


def _url_host(url: str) -> str | None:
    found = url.split("://", 1)[1].split("/", 1)[0] if "://" in url else None
    named = convert("host", [found])[0].as_py()
    return str(named) if named is not None else None


def _upstream(tries: Any) -> str | None:
    last = tries[-1] if type(tries) is list and tries else None
    return f"{last['ip']}:{last.get('port', '')}" if type(last) is dict and last.get("ip") else None


def _blocks(rows: Rows, columns: Columns) -> None:
    """A request that a plugin ended itself: our own marks on its route name the block."""
    ended = pc.equal(convert("raw", given(rows, "source")), "exit")
    refused = pc.is_in(columns["status"], _BLOCKED)
    blocked = pc.fill_null(pc.and_(pc.and_(ended, pc.is_null(columns["upstream_status"])), refused), False)
    if not pc.any(blocked).as_py():
        return
    columns["waf_action"] = pc.if_else(blocked, "BLOCK", pa.scalar(None, pa.string()))
    pairs = zip(blocked.to_pylist(), _list(rows, "route.tags"), strict=True)
    rules = [_own(tags) if mark else None for mark, tags in pairs]
    columns["waf_rules"] = pa.array(rules, pa.list_(pa.string()))


def _own(tags: Any) -> list[str]:
    tags = tags if isinstance(tags, list) else []
    return [tag for tag in tags if isinstance(tag, str) and tag.startswith("portcullis-")]


def _old_ids(rows: Rows, columns: Columns) -> None:
    """Ids for records of Kong before 3.5; the same each time the record is read."""
    parts = zip(
        columns["call_id"].to_pylist(),
        _list(rows, "started_at"),
        columns["client_ip"].to_pylist(),
        _list(rows, "request.method"),
        _list(rows, "request.uri"),
        _list(rows, "request.request_uri"),
        _list(rows, "request.size"),
        _list(rows, "latencies.request"),
        _list(rows, "latencies.proxy"),
        strict=True,
    )
    columns["call_id"] = pa.array(
        [
            known or made_id(at, client, method, uri or old or "", size, took, proxy)
            for known, at, client, method, uri, old, size, took, proxy in parts
        ],
        pa.string(),
    )


def _old_queries(rows: Rows, columns: Columns) -> None:
    """The query of records whose URI leaves it out: Kong's parsed form, written back."""
    bare = pc.fill_null(pc.equal(columns["query"], ""), False)
    parsed = _list(rows, "request.querystring")
    places = [row for row in pc.indices_nonzero(bare).to_pylist() if parsed[row]]
    if places:
        query = columns["query"].to_pylist()
        for row in places:
            query[row] = _query(parsed[row])
        columns["query"] = pa.array(query, pa.string())


def _query(parsed: Any) -> str:
    if not isinstance(parsed, dict):
        return ""
    pairs: list[tuple[str, str]] = []
    for name, value in parsed.items():
        values = value if isinstance(value, list) else [value]
        pairs.extend((name, "" if entry is True else str(entry)) for entry in values)
    return urlencode(pairs, errors="replace")


MAPPING: Final = FormatMapping(
    JsonLines(
        headers=("request.headers",),
        computed={"tried": ("tries", _upstream)},
    ),
    {
        "call_id": From("request.id"),
        "ts": From("started_at", kind="epoch_ms"),
        "gateway": From("service.id", "service.name"),
        "stage": From("workspace_name", "workspace"),
        "host": From("request.headers.host", kind="host"),
        "method": From("request.method"),
        "target": From("request.uri", "request.request_uri"),
        "declared_route": From("route.id", "route.name"),
        "upstream": From("tried", "service.host"),
        "client_ip": From("client_ip", kind="address"),
        "consumer": From("consumer.username", "consumer.custom_id"),
        "user_agent": From("request.headers.user-agent"),
        "status": From("response.status", kind="status"),
        "latency_ms": From("latencies.request", kind="millis"),
        "upstream_status": From("upstream_status", kind="status"),
        "upstream_latency_ms": From("latencies.proxy", kind="millis"),
        "request_bytes": From("request.size", kind="whole"),
        "response_bytes": From("response.size", kind="whole"),
        "request_content_type": From("request.headers.content-type"),
        "response_content_type": From("response.headers.content-type", "response.headers.Content-Type"),
        "headers": From("request.headers", kind="headers"),
        "body": From("request.body", kind="raw"),
        "response_body": From("response.body", kind="raw"),
    },
    trust="peer",
    finish=_finish,
    also=(
        "request.url", "request.querystring", "request.headers.x-forwarded-for", "source", "route.tags",
        *CALLER_FIELDS,
    ),
    reasons={"ts": "started_at is not a time", "method": _NO_URI, "path": _NO_URI},
)  # fmt: skip
