"""Receive Kong's http-log pushes and turn its log records into neutral calls.

Cookies, API keys and other credentials only feed the principal and session columns, which the door hashes;
the header column itself is dropped there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from connectors.base.calls import CallBatch, Quarantined, RawBatch
from connectors.base.columns import (
    address,
    calls_from_columns,
    epoch_micros,
    header_column,
    http_status,
    made_id,
    millis,
    plain_host,
    quarantined,
    text,
    whole,
)
from connectors.base.errors import VendorAnswerError
from connectors.egress import Egress
from connectors.kong.identity import caller_of
from connectors.kong.manifest import KongSettings
from connectors.kong.records import (
    NO_LATENCIES,
    NO_RESPONSE,
    NOBODY,
    Latencies,
    Named,
    Record,
    Response,
    decode,
)

SOURCE: Final = "kong.http_log"

#: The columns this source fills, in the order ``_row`` gives them.
COLUMNS: Final = (
    "call_id",
    "ts",
    "gateway",
    "stage",
    "host",
    "method",
    "path",
    "query",
    "declared_route",
    "protocol",
    "upstream",
    "client_ip",
    "client_ip_trust",
    "principal_kind",
    "principal",
    "session",
    "consumer",
    "user_agent",
    "status",
    "latency_ms",
    "upstream_status",
    "upstream_latency_ms",
    "request_bytes",
    "response_bytes",
    "request_content_type",
    "response_content_type",
    "auth_present",
    "waf_action",
    "waf_rules",
    "headers",
    "body",
    "response_body",
)

_array = msgspec.json.Decoder(list[msgspec.Raw])
_BLOCKED = {403, 429}


class Calls:
    """The receive-calls capability: ``parse`` a push, ``normalise`` its records."""

    def __init__(self, settings: KongSettings, egress: Egress) -> None:
        self._workspace = settings.workspace or "default"

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The records of one push: a JSON array (batched), one object, or one object per line."""
        return RawBatch(SOURCE, split_records(body), {"workspace": self._workspace})

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a record that cannot be read is quarantined with its reason."""
        return normalise(batch)


def split_records(body: bytes) -> tuple[bytes, ...]:
    """One record per element of an array or per line; ``VendorAnswerError`` when it is neither."""
    start = body.lstrip()[:1]
    if start == b"[":
        try:
            return tuple(bytes(entry) for entry in _array.decode(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        try:
            return tuple(bytes(entry) for entry in _array.decode(body.decode(errors="replace")))
        except (msgspec.DecodeError, RecursionError) as error:
            raise VendorAnswerError(
                "The push was not a JSON array of Kong log records.", unchanged="No call was stored."
            ) from error
    if start == b"{":
        return tuple(line for line in body.splitlines() if line.strip())
    raise VendorAnswerError(
        "The push was neither a JSON object nor a JSON array.", unchanged="No call was stored."
    )


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of Kong log records; never raises."""
    first_line = whole(batch.context.get("first_line"))
    workspace = batch.context.get("workspace", "default")
    rows: list[tuple[Any, ...]] = []
    bad: list[Quarantined] = []
    for number, raw in enumerate(batch.records):
        if not raw or raw.isspace():
            continue
        record = decode(raw)
        row = record if isinstance(record, str) else _row(record, workspace)
        if isinstance(row, str):
            bad.append(quarantined(raw, row, None if first_line is None else first_line + number))
        else:
            rows.append(row)
    columns: dict[str, Any] = dict(zip(COLUMNS, zip(*rows, strict=True), strict=False))
    columns["headers"] = header_column(columns.get("headers", ()))
    return CallBatch(batch.source, calls_from_columns(columns, len(rows)), tuple(bad))


def _row(record: Record, workspace: str) -> tuple[Any, ...] | str:
    """One call's values in the order of ``COLUMNS``, or the reason why the record cannot be a call."""
    request = record.request
    response = record.response if isinstance(record.response, Response) else NO_RESPONSE
    latencies = record.latencies if isinstance(record.latencies, Latencies) else NO_LATENCIES
    service, route = _named(record.service), _named(record.route)
    ts = epoch_micros(record.started_at)
    target = request.uri or request.request_uri or ""
    if ts is None:
        return "started_at is not a time"
    if not request.method or not target:
        return "the record names no method or no URI"
    path, mark, query = target.partition("?")
    sent = _headers(request.headers)
    client = address(record.client_ip) if record.client_ip else None
    status, upstream_status = http_status(response.status), http_status(record.upstream_status)
    blocked = record.source == "exit" and upstream_status is None and status in _BLOCKED
    consumer = _named(record.consumer)
    caller = caller_of(consumer, _named(record.authenticated_entity), sent)
    forwarded = sent.get("x-forwarded-for")
    return (
        request.id or _made_id(record, client, target),
        ts,
        service.id or service.name,
        record.workspace_name or record.workspace or workspace,
        plain_host(sent.get("host")) or _url_host(request.url),
        request.method.upper(),
        path or "/",
        query if mark else _query(request.querystring),
        route.id or route.name,
        request.url.partition("://")[0] if request.url and "://" in request.url else None,
        _upstream(record.tries) or service.host,
        client,
        None if client is None else _trust(client, forwarded),
        caller.kind,
        caller.principal,
        caller.session,
        text(consumer.username) or text(consumer.custom_id),
        text(sent.get("user-agent")),
        status,
        millis(latencies.request),
        upstream_status,
        millis(latencies.proxy),
        whole(request.size),
        whole(response.size),
        text(sent.get("content-type")),
        _content_type(response.headers),
        caller.credential_sent,
        "BLOCK" if blocked else None,
        _rules(route, blocked),
        sent,
        request.body if isinstance(request.body, str) else None,
        response.body if isinstance(response.body, str) else None,
    )


def _made_id(record: Record, client: str | None, target: str) -> str:
    """An id for records of Kong before 3.5; the same each time the record is read."""
    took = record.latencies if isinstance(record.latencies, Latencies) else NO_LATENCIES
    request = record.request
    return made_id(record.started_at, client, request.method, target, request.size, took.request, took.proxy)


def _named(entity: Named | list[Any] | None) -> Named:
    return entity if isinstance(entity, Named) else NOBODY


def _headers(raw: dict[str, Any] | list[Any] | None) -> dict[str, str]:
    """Header names in lower case; repeated headers joined by a comma as HTTP does."""
    if not isinstance(raw, dict):
        return {}
    return {
        name.lower(): value
        if type(value) is str
        else ", ".join(map(str, value))
        if type(value) is list
        else str(value)
        for name, value in raw.items()
    }


def _content_type(raw: dict[str, Any] | list[Any] | None) -> str | None:
    """The response's content type; Kong writes header names in lower case, its ancestors did not."""
    if not isinstance(raw, dict):
        return None
    return text(raw.get("content-type")) or text(raw.get("Content-Type"))


def _query(parsed: dict[str, Any] | list[Any] | None) -> str:
    """The query of records whose URI leaves it out; Kong's parsed form, written back."""
    if not isinstance(parsed, dict) or not parsed:
        return ""
    pairs: list[tuple[str, str]] = []
    for name, value in parsed.items():
        values = value if isinstance(value, list) else [value]
        pairs.extend((name, "" if entry is True else str(entry)) for entry in values)
    return urlencode(pairs, errors="replace")


def _url_host(url: str | None) -> str | None:
    return plain_host(url.split("://", 1)[1].split("/", 1)[0]) if url and "://" in url else None


def _upstream(tries: object) -> str | None:
    last = tries[-1] if isinstance(tries, list) and tries else None
    return f"{last['ip']}:{last.get('port', '')}" if isinstance(last, dict) and last.get("ip") else None


def _trust(client: str, forwarded: str | None) -> str:
    """Kong's client_ip is the peer, or an address a trusted hop reported in X-Forwarded-For."""
    return "trusted_hop" if forwarded and client in forwarded else "peer"


def _rules(route: Named, blocked: bool) -> list[str] | None:
    """Our own marks on the route that ended the request: its tags name the block."""
    if not blocked:
        return None
    tags = route.tags if isinstance(route.tags, list) else []
    return [tag for tag in tags if isinstance(tag, str) and tag.startswith("portcullis-")]
