"""Access and firewall records of Azure Front Door and Application Gateway, in every wrapping Azure Monitor has.

One mapping for all: field names are compared without case and without the suffixes of ``AzureDiagnostics`` columns
(``clientIP``, ``clientIp``, ``clientIP_s``), with or without the envelope ``{time, category, properties}``.

Source: Azure Monitor's category and table references (FrontDoorAccessLog, ApplicationGatewayAccessLog, AGWAccessLogs …)
and the monitoring pages of Front Door, Application Gateway and their firewalls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.azure.joining import joined
from connectors.base.calls import UNKNOWN_METHOD, CallBatch, RawBatch
from connectors.base.mapping import Columns, From, JsonLines, Rows, convert, normalise, one_of, per_distinct
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.nested import normalise_nested

SOURCE: Final = "azure.edge"

_TYPES: Final = frozenset("sdbtg")
_ENVELOPE: Final = ("time", "timeStamp", "timestamp", "category", "resourceId", "TimeGenerated")
#: What Application Gateway v1 writes into ``requestQuery``: its own notes, not the client's query.
_V1_QUERY: Final = r"(?i)(^|&)(X-AzureApplicationGateway-|SERVER-ROUTED=|SERVER-STATUS=)"
_V1_INSTANCE: Final = r"^ApplicationGatewayRole_IN_"
_COUNTRY: Final = r"^[A-Z]{2}$"

_document = msgspec.json.Decoder(dict[str, Any])


class _Batch(msgspec.Struct):
    records: list[msgspec.Raw]


_BATCHED: Final = re.compile(rb'\s*\{\s*"records"')
_batch = msgspec.json.Decoder(_Batch)
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@lru_cache(maxsize=8192)
def _folded(key: str) -> str:
    """A field's name as the mapping writes it: lower case, no underscores, no ``_s`` of AzureDiagnostics."""
    name = key.lower()
    if name[-2:-1] == "_" and name[-1] in _TYPES:
        name = name[:-2]
    return name.replace("_", "")


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """The properties with what the envelope adds; a row of a table is flat already."""
    properties = record.get("properties")
    if isinstance(properties, str):
        try:
            properties = _document.decode(properties)
        except _BAD:
            return record
    if not isinstance(properties, dict):
        return record
    return {**properties, **{name: record[name] for name in _ENVELOPE if name in record}}


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """What depends on the product: units, whose address it is, whether a rule only watched."""
    instances = _texts(rows, "instanceid")
    queries = _texts(rows, "requestquery")
    old = pc.fill_null(pc.match_substring_regex(instances, _V1_INSTANCE), False)
    old = pc.or_(old, pc.fill_null(pc.match_substring_regex(queries, _V1_QUERY), False))
    if "query" in columns:
        asked = pc.fill_null(columns["query"], "")
        own = pc.match_substring_regex(asked, _V1_QUERY)
        # v1 leaves the client's query out, so nothing is known of it.
        columns["query"] = pc.if_else(pc.or_(own, pc.and_(old, pc.equal(asked, ""))), None, asked)
    took = rows.cells("timetaken")
    if took is not None:
        columns["latency_ms"] = pc.if_else(old, convert("millis", took), convert("seconds", took))
    if "country" in columns:
        known = pc.match_substring_regex(columns["country"], _COUNTRY)
        columns["country"] = pc.if_else(known, columns["country"], None)
    if "gateway" in columns:
        columns["gateway"] = pc.utf8_lower(columns["gateway"])
    _client(rows, columns)
    _firewall(rows, columns)


def _texts(rows: Rows, name: str) -> pa.Array:
    cells = rows.cells(name)
    return pa.nulls(rows.count, pa.string()) if cells is None else convert("written", cells)


def _client(rows: Rows, columns: Columns) -> None:
    """Front Door's clientIp is what X-Forwarded-For says, socketIp who really connected."""
    client = columns.get("client_ip")
    if client is None:
        return
    cells = rows.cells("socketip")
    socket = client if cells is None else pc.coalesce(convert("peer", cells), client)
    trust = pc.if_else(pc.equal(client, socket), "peer", "header")
    columns["client_ip_trust"] = trust


def _firewall(rows: Rows, columns: Columns) -> None:
    """Records of a firewall name no method; a policy in detection mode blocks nothing, whatever it says."""
    action = columns.get("waf_action")
    named = _texts(rows, "action")
    fired = pc.is_valid(named)
    if not pc.any(fired).as_py():
        return
    watching = pc.fill_null(pc.equal(pc.utf8_lower(_texts(rows, "policymode")), "detection"), False)
    action = pa.nulls(rows.count, pa.string()) if action is None else action
    columns["waf_action"] = pc.if_else(pc.and_(watching, pc.is_valid(action)), "COUNT", action)
    rules = pc.coalesce(_texts(rows, "rulename"), _texts(rows, "ruleid"))
    columns["waf_rules"] = per_distinct(
        pc.if_else(fired, pc.fill_null(rules, ""), None),
        lambda rule: [rule] if rule else [],
        pa.list_(pa.string()),
    )
    method = columns.get("method", pa.nulls(rows.count, pa.string()))
    columns["method"] = pc.if_else(pc.and_(fired, pc.is_null(method)), UNKNOWN_METHOD, method)


_ACTIONS: Final = one_of(
    Block="BLOCK", Blocked="BLOCK", Allow="ALLOW", Allowed="ALLOW", Log="COUNT", Logged="COUNT",
    Matched="COUNT", Detected="COUNT", AnomalyScoring="COUNT", LogAndScore="COUNT", Redirect="BLOCK",
    JSChallenge="CHALLENGE", JSChallengeIssued="CHALLENGE", JSChallengeBlock="BLOCK",
    JSChallengePass="ALLOW", JSChallengeValid="ALLOW",
    Captcha="CAPTCHA", CaptchaIssued="CAPTCHA", CaptchaBlock="BLOCK", CaptchaPass="ALLOW",
)  # fmt: skip

MAPPING: Final = FormatMapping(
    JsonLines(fold=_folded, unwrap=_flat),
    {
        "call_id": From("trackingreference", "transactionid"),
        "ts": From("time", "timestamp", "timegenerated", kind="time"),
        "gateway": From("resourceid"),
        "host": From("originalhost", "hostname", "host", kind="host"),
        "method": From("httpmethod"),
        "target": From("originalrequesturiwithargs", "requesturi"),
        "query": From("requestquery", kind="text"),
        "declared_route": From("routingrulename"),
        "protocol": From("httpversion"),
        "upstream": From("originname", "serverrouted", "backendpoolname"),
        "client_ip": From("clientip", kind="peer"),
        "user_agent": From("useragent"),
        "ja4": From("clientja4fingerprint"),
        "country": From("clientcountry"),
        "status": From("httpstatuscode", "httpstatus", kind="status"),
        "upstream_status": From("serverstatus", kind="status"),
        "upstream_latency_ms": From("serverresponselatency", kind="seconds"),
        "request_bytes": From("requestbytes", "receivedbytes", kind="whole"),
        "response_bytes": From("responsebytes", "sentbytes", kind="whole"),
        "waf_action": From("action", choices=_ACTIONS),
    },
    finish=_finish,
    also=("instanceid", "requestquery", "timetaken", "socketip", "policymode", "action", "rulename", "ruleid"),
    reasons={
        "ts": "no readable time (time, timeStamp or TimeGenerated)",
        "method": "neither an access record (no httpMethod) nor a firewall record (no action)",
        "path": "the record has no requestUri",
    },
)  # fmt: skip


def split(record: bytes) -> list[bytes] | None:
    """The records of ``{"records":[…]}``, as Event Hub and some exports write them; None for a single one."""
    if not _BATCHED.match(record):
        return None
    try:
        return [bytes(entry) for entry in _batch.decode(record).records]
    except _BAD:
        return None


def read(batch: RawBatch) -> CallBatch:
    """Neutral calls of records of one batch; never raises. Firewall records go into the access record they belong to."""
    found = normalise_nested(batch, split, lambda inner: normalise(MAPPING, inner))
    return CallBatch(found.source, joined(found.table), found.quarantined)
