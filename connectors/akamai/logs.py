"""Akamai's SIEM events and DataStream 2 records as neutral calls.

Sources: SIEM Integration API, "Security event"; DataStream 2, "Data set parameters". In SIEM events what belongs to
rules is a list: values in base64, joined by ";", then URL-encoded; headers are URL-encoded lines. Request ids are short
and used again, so a call's id is made of id, time and client.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.columns import made_id
from connectors.base.mapping import (
    Columns,
    From,
    Headers,
    JsonLines,
    Rows,
    convert,
    each,
    given,
    per_distinct,
)
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.mapping import normalise as run
from connectors.base.mapping.kernels import marked

EVENTS: Final = "akamai.siem"
STREAM: Final = "akamai.datastream"

_HEADER: Final = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$")
_CHALLENGES: Final = ("challenge", "crypto", "recaptcha", "captcha")
_COUNTED: Final = ("alert", "monitor", "none", "log")
_BLOCKED: Final = ("deny", "abort", "tarpit", "slow", "delay", "serve", "block")


@lru_cache(maxsize=16384)
def _listed(value: str) -> tuple[str, ...]:
    """The values of a list of rules; what is not base64 is taken as it is."""
    return tuple(found for part in unquote(value).split(";") if (found := _decoded(part.strip())))


def _decoded(part: str) -> str:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), validate=True).decode()
    except (ValueError, binascii.Error):
        return part


def _rules(value: Any) -> list[str] | None:
    return (
        list(dict.fromkeys(_listed(value))) if type(value) is str else value if type(value) is list else None
    )


def _strongest(value: Any) -> str | None:
    """The strongest of the actions of the rules."""
    said = {_action(part) for part in _listed(value)} if type(value) is str else set()
    return next((action for action in ("BLOCK", "CAPTCHA", "COUNT") if action in said), None)


def _action(word: Any) -> str | None:
    """What an action did: ``deny_custom_1234`` is a deny, and so on."""
    low = word.casefold() if type(word) is str else ""
    if any(part in low for part in _CHALLENGES):
        return "CAPTCHA"
    if low.startswith(_BLOCKED):
        return "BLOCK"
    return "COUNT" if low.startswith(_COUNTED) else None


def _headers(value: Any) -> dict[str, Any] | None:
    """Headers from URL-encoded lines, or as they are when somebody decoded them."""
    if type(value) is dict:
        return value
    if type(value) is not str or not value:
        return None
    found = (_HEADER.match(line) for line in unquote(value).splitlines())
    return {line.group(1): line.group(2) for line in found if line}


def _finish_event(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """Headers and what they say, the query, and an id that is not used twice."""
    sent = Headers(each(given(rows, "sent")))
    columns["headers"] = sent.column()
    for name, header in (("user_agent", "user-agent"), ("request_content_type", "content-type")):
        columns[name] = convert("text", sent.values(header))
    columns["host"] = pc.coalesce(columns["host"], convert("host", sent.values("host")))
    credential = convert("text", sent.values("authorization"))
    columns["auth_present"] = marked(credential, True)
    columns["waf_action"] = pc.coalesce(columns["waf_action"], convert("raw", given(rows, "strongest")))
    _own_ids(rows, columns, "httpMessage.requestId")


def _finish_stream(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """Paths without their first slash, encoded user agents, rules of the security policy."""
    path = columns["path"]
    rootless = pc.fill_null(pc.invert(pc.starts_with(path, "/")), False)
    columns["path"] = pc.if_else(rootless, pc.binary_join_element_wise("/", path, ""), path)
    columns["user_agent"] = per_distinct(columns["user_agent"], unquote, pa.string())
    security = convert("raw", given(rows, "securityRules"))
    if security.null_count < rows.count:
        columns["waf_action"] = per_distinct(security, lambda value: _policy(value)[0], pa.string())
        columns["waf_rules"] = pa.array(
            [None if value is None else _policy(value)[1] for value in security.to_pylist()],
            pa.list_(pa.string()),
        )
    _own_ids(rows, columns, "reqId")


@lru_cache(maxsize=4096)
def _policy(value: str) -> tuple[str, list[str]]:
    """``policy|rules that alerted|rules that denied``, rules joined by ":"."""
    parts = [[rule for rule in part.split(":") if rule and rule != "-"] for part in value.split("|")]
    alerted = parts[1] if len(parts) > 1 else []
    denied = parts[2] if len(parts) > 2 else []
    return "BLOCK" if denied else "COUNT" if alerted else "ALLOW", [*denied, *alerted]


def _own_ids(rows: Rows, columns: Columns, path: str) -> None:
    given_ids = convert("written", given(rows, path)).to_pylist()
    nobody = pa.nulls(rows.count, pa.string())
    told = zip(
        given_ids,
        columns.get("ts", nobody).to_pylist(),
        columns.get("client_ip", nobody).to_pylist(),
        strict=True,
    )
    columns["call_id"] = pa.array(
        [None if one is None else made_id(one, at, ip) for one, at, ip in told], pa.string()
    )


EVENT_MAPPING: Final = FormatMapping(
    JsonLines(
        computed={
            "rules": ("attackData.rules", _rules),
            "strongest": ("attackData.ruleActions", _strongest),
            "applied": ("attackData.appliedAction", _action),
            "sent": ("httpMessage.requestHeaders", _headers),
        }
    ),
    {
        "ts": From("httpMessage.start", kind="time"),
        "gateway": From("attackData.policyId", "attackData.configId", kind="written"),
        "host": From("httpMessage.host", kind="host"),
        "method": From("httpMessage.method"),
        "target": From("httpMessage.path"),
        "query": From("httpMessage.query", kind="raw"),
        "declared_route": From("attackData.apiId", kind="written"),
        "protocol": From("httpMessage.protocol"),
        "client_ip": From("attackData.clientIP", kind="address"),
        "country": From("geo.country"),
        "asn": From("geo.asn", kind="whole"),
        "status": From("httpMessage.status", kind="status"),
        "response_bytes": From("httpMessage.bytes", kind="whole"),
        "waf_action": From("applied", kind="raw"),
        "waf_rules": From("rules", kind="texts"),
    },
    trust="peer",
    finish=_finish_event,
    also=("sent", "strongest", "httpMessage.requestId"),
    reasons={"ts": "no readable httpMessage.start (the last line of an answer is its offset, not an event)"},
)

STREAM_MAPPING: Final = FormatMapping(
    JsonLines(),
    {
        "ts": From("reqTimeSec", kind="time"),
        "gateway": From("cp", "streamId", kind="written"),
        "host": From("reqHost", kind="host"),
        "method": From("reqMethod"),
        "path": From("reqPath"),
        "query": From("queryStr"),
        "protocol": From("proto"),
        "client_ip": From("cliIP", kind="address"),
        "user_agent": From("UA"),
        "country": From("country"),
        "asn": From("asn", kind="whole"),
        "status": From("statusCode", kind="status"),
        "latency_ms": From("turnAroundTimeMSec", kind="millis"),
        "response_bytes": From("totalBytes", "bytes", kind="whole"),
        "response_content_type": From("rspContentType"),
    },
    trust="peer",
    finish=_finish_stream,
    also=("reqId", "securityRules"),
    reasons={"ts": "no readable reqTimeSec"},
)


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of either source, by ``batch.source``; never raises."""
    return run(EVENT_MAPPING if batch.source == EVENTS else STREAM_MAPPING, batch)


def source_of(line: bytes) -> str | None:
    """The source a record belongs to, by its fields; None when it is of neither."""
    if b'"akamai_siem"' in line or (b'"attackData"' in line and b'"httpMessage"' in line):
        return EVENTS
    return STREAM if b'"reqTimeSec"' in line and b'"cliIP"' in line else None
