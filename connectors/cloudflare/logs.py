"""Cloudflare's ``http_requests`` and ``firewall_events`` as neutral calls.

Sources: Logpush dataset references and GraphQL ``firewallEventsAdaptive``. Every field is chosen by the customer.
Times are integers (seconds or nanoseconds) or RFC 3339, as the job says. Actions come in several spellings. A request
has one record in ``http_requests`` and one per matching rule in ``firewall_events``, all with its Ray ID.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.mapping import Columns, From, JsonLines, Rows, convert, each, given
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.mapping import normalise as run
from connectors.base.mapping.kernels import marked, where

REQUESTS: Final = "cloudflare.http_requests"
EVENTS: Final = "cloudflare.firewall_events"

#: What became of the request, by Cloudflare's words without case, "_" and blanks.
ACTIONS: Final[dict[str, str]] = {
    "block": "BLOCK", "drop": "BLOCK", "connectionclose": "BLOCK", "forceconnectionclose": "BLOCK",
    "challenge": "CAPTCHA",
    "jschallenge": "CHALLENGE", "managedchallenge": "CHALLENGE",
    "log": "COUNT", "simulate": "COUNT",
    "": "ALLOW", "unknown": "ALLOW", "none": "ALLOW", "allow": "ALLOW", "skip": "ALLOW", "bypass": "ALLOW",
    "challengesolved": "ALLOW", "challengebypassed": "ALLOW", "jschallengesolved": "ALLOW",
    "jschallengebypassed": "ALLOW", "managedchallengeskipped": "ALLOW",
    "managedchallengenoninteractivesolved": "ALLOW", "managedchallengeinteractivesolved": "ALLOW",
    "managedchallengebypassed": "ALLOW",
}  # fmt: skip
_STRENGTH: Final = ("BLOCK", "CAPTCHA", "CHALLENGE", "COUNT", "ALLOW")
_SPELLINGS: Final = {
    spelling: ours
    for word, ours in ACTIONS.items()
    for spelling in {word, word.replace("challenge", "_challenge")}
}


def _nowhere(columns: Columns) -> None:
    """ "XX" is Cloudflare's "country not known"."""
    if "country" in columns:
        country = pc.utf8_upper(columns["country"])
        columns["country"] = where(pc.not_equal(country, "XX"), country)


def _finish_request(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """Latency from start and end, and whether a logged header was a credential."""
    _nowhere(columns)
    end = rows.cells("EdgeEndTimestamp")
    if end is not None and "ts" in columns:
        took = pc.subtract(convert("time", end), columns["ts"])
        columns["latency_ms"] = pc.cast(
            pc.divide(pc.cast(where(pc.greater_equal(took, 0), took), pa.float64()), 1000), pa.float32()
        )
    credential = convert("text", given(rows, "RequestHeaders.authorization"))
    columns.setdefault("auth_present", pa.nulls(rows.count, pa.bool_()))
    columns["auth_present"] = pc.coalesce(columns["auth_present"], marked(credential, True))


def _finish_event(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """Queries without "?", and for each request of the batch all rules that matched and the strongest action.

    The records of a request have one call id, so that it counts once: each has to say everything.
    """
    _nowhere(columns)
    if "query" in columns:
        query = columns["query"]
        columns["query"] = pc.if_else(pc.starts_with(query, "?"), pc.utf8_slice_codeunits(query, 1), query)
    ids = each(columns["call_id"]) if "call_id" in columns else [None] * rows.count
    if len(set(ids)) == len(ids):
        return
    rules: dict[str, list[str]] = {}
    actions: dict[str, str] = {}
    told = columns["waf_action"].to_pylist() if "waf_action" in columns else [None] * rows.count
    matched = columns["waf_rules"].to_pylist() if "waf_rules" in columns else [None] * rows.count
    for ray, action, matches in zip(ids, told, matched, strict=True):
        if ray is None:
            continue
        known = rules.setdefault(ray, [])
        known += [rule for rule in matches or () if rule not in known]
        if action and (ray not in actions or _STRENGTH.index(action) < _STRENGTH.index(actions[ray])):
            actions[ray] = action
    columns["waf_rules"] = pa.array(
        [rules.get(ray, one) for ray, one in zip(ids, matched, strict=True)], pa.list_(pa.string())
    )
    columns["waf_action"] = pa.array(
        [actions.get(ray, one) for ray, one in zip(ids, told, strict=True)], pa.string()
    )


REQUEST_MAPPING: Final = FormatMapping(
    JsonLines(headers=("RequestHeaders",)),
    {
        "call_id": From("RayID"),
        "ts": From("EdgeStartTimestamp", kind="time"),
        "gateway": From("ZoneName"),
        "host": From("ClientRequestHost", kind="host"),
        "method": From("ClientRequestMethod"),
        "target": From("ClientRequestURI"),
        "path": From("ClientRequestPath"),
        "declared_route": From("WebAssetsOperationID"),
        "protocol": From("ClientRequestProtocol"),
        "upstream": From("OriginIP"),
        "client_ip": From("ClientIP", kind="address"),
        "user_agent": From("ClientRequestUserAgent"),
        "ja3": From("JA3Hash"),
        "ja4": From("JA4"),
        "country": From("ClientCountry"),
        "asn": From("ClientASN", kind="whole"),
        "status": From("EdgeResponseStatus", kind="status"),
        "upstream_status": From("OriginResponseStatus", kind="status"),
        "upstream_latency_ms": From("OriginResponseDurationMs", kind="millis"),
        "request_bytes": From("ClientRequestBytes", kind="whole"),
        "response_bytes": From("EdgeResponseBytes", kind="whole"),
        "request_content_type": From("RequestHeaders.content-type"),
        "response_content_type": From("EdgeResponseContentType"),
        "waf_action": From("SecurityAction", kind="raw", choices=_SPELLINGS),
        "waf_rules": From("SecurityRuleIDs", "SecurityRuleID", kind="texts"),
        "headers": From("RequestHeaders", kind="headers"),
    },
    principals=(("key", "ClientMTLSAuthCertFingerprint"),),
    trust="peer",
    finish=_finish_request,
    also=("EdgeEndTimestamp", "RequestHeaders.authorization"),
    reasons={"ts": "no readable EdgeStartTimestamp"},
)

EVENT_MAPPING: Final = FormatMapping(
    JsonLines(),
    {
        "call_id": From("RayID", "rayName"),
        "ts": From("Datetime", "datetime", kind="time"),
        "gateway": From("ZoneName"),
        "host": From("ClientRequestHost", "clientRequestHTTPHost", kind="host"),
        "method": From("ClientRequestMethod", "clientRequestHTTPMethodName"),
        "target": From("ClientRequestPath", "clientRequestPath"),
        "query": From("ClientRequestQuery", "clientRequestQuery", kind="raw"),
        "protocol": From("ClientRequestProtocol", "clientRequestHTTPProtocol"),
        "client_ip": From("ClientIP", "clientIP", kind="address"),
        "user_agent": From("ClientRequestUserAgent", "userAgent"),
        "country": From("ClientCountry", "clientCountryName"),
        "asn": From("ClientASN", "clientAsn", kind="whole"),
        "status": From("EdgeResponseStatus", "edgeResponseStatus", kind="status"),
        "upstream_status": From("OriginResponseStatus", "originResponseStatus", kind="status"),
        "waf_action": From("Action", "action", choices=_SPELLINGS),
        "waf_rules": From("RuleID", "ruleId", kind="texts"),
    },
    trust="peer",
    finish=_finish_event,
    reasons={"ts": "no readable Datetime"},
)


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of either dataset, by ``batch.source``; never raises."""
    return run(EVENT_MAPPING if batch.source == EVENTS else REQUEST_MAPPING, batch)


def dataset_of(line: bytes) -> str | None:
    """The dataset a record belongs to, by its fields; None when it is of neither."""
    if b'"EdgeStartTimestamp"' in line or b'"ClientRequestURI"' in line:
        return REQUESTS
    if (b'"Datetime"' in line and b'"RayID"' in line) or (b'"rayName"' in line and b'"datetime"' in line):
        return EVENTS
    return None
