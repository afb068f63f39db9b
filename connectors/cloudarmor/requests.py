"""Request logs of Google Cloud Application Load Balancers: Cloud Logging entries with what Cloud Armor decided.

Source: Cloud Logging ``LogEntry`` and ``HttpRequest``, the load balancers' logging pages, Cloud Armor "request logging".
Known variants: numbers as strings (int64 in JSON), ``remoteIp`` with a port, latency ``"0.102957s"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.mapping import Columns, From, JsonLines, Rows, convert, normalise
from connectors.base.mapping import Mapping as FormatMapping

SOURCE: Final = "cloudarmor.requests"

_ENFORCED: Final = ("jsonPayload.enforcedSecurityPolicy", "jsonPayload.enforcedEdgeSecurityPolicy")
_PREVIEW: Final = ("jsonPayload.previewSecurityPolicy", "jsonPayload.previewEdgeSecurityPolicy")
_DECIDED: Final = ("outcome", "configuredAction", "name", "priority", "preconfiguredExprIds")
#: The rule every policy ends with matches what no other rule does; it says nothing about a request.
_DEFAULT_RULE: Final = "2147483647"
_OUTCOMES: Final = {"ACCEPT": "ALLOW", "EXEMPT": "ALLOW", "DENY": "BLOCK", "REDIRECT": "BLOCK"}
#: Mark, outcome, configured action, name, priority and signatures of one policy.
_Decided = tuple[str, Any, Any, Any, Any, Any]
_REFUSED: Final = r"(^|_)denied_by_(edge_)?security_policy$"


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """Durations end in ``s``; what the security policies said becomes action and rules."""
    took = rows.cells("httpRequest.latency")
    if took is not None:
        columns["latency_ms"] = convert("seconds", pc.utf8_rtrim(convert("text", took), "s"))
    enforced, preview = _policies(rows, _ENFORCED, ""), _policies(rows, _PREVIEW, "preview:")
    actions = [_action(backend, edge) for backend, edge in zip(*enforced, strict=True)]
    noticed = [_outcome(first) or _outcome(second) for first, second in zip(*preview, strict=True)]
    counted = ["COUNT" if seen else None for seen in noticed]
    action = pc.coalesce(pa.array(actions, pa.string()), pa.array(counted, pa.string()))
    details = rows.cells("jsonPayload.statusDetails")
    if details is not None:
        refused = pc.match_substring_regex(convert("text", details), _REFUSED)
        action = pc.if_else(pc.fill_null(refused, False), pa.scalar("BLOCK"), action)
    columns["waf_action"] = action
    found = [_rules(decided) for decided in zip(*enforced, *preview, strict=True)]
    columns["waf_rules"] = pa.array(found, pa.list_(pa.string()))


def _policies(rows: Rows, paths: tuple[str, ...], mark: str) -> list[list[_Decided | None]]:
    """What each policy of a kind decided, record by record; None where it decided nothing."""
    found: list[list[_Decided | None]] = []
    for path in paths:
        outcomes = convert("text", rows.cells(f"{path}.outcome") or pa.nulls(rows.count, pa.string()))
        if outcomes.null_count == rows.count:
            found.append([None] * rows.count)
            continue
        members = [outcomes.to_pylist()]
        for name in ("configuredAction", "name", "priority"):
            cells = rows.cells(f"{path}.{name}")
            members.append(_nothing(rows) if cells is None else convert("written", cells).to_pylist())
        signatures = rows.cells(f"{path}.preconfiguredExprIds")
        listed = _nothing(rows) if signatures is None else convert("texts", signatures).to_pylist()
        found.append(
            [
                (mark, *decided) if decided[0] is not None else None
                for decided in zip(*members, listed, strict=True)
            ]
        )
    return found


def _nothing(rows: Rows) -> list[Any]:
    return [None] * rows.count


def _action(backend: _Decided | None, edge: _Decided | None) -> str | None:
    """A refusal by either is what happened."""
    if edge is None:
        return _outcome(backend)
    both = (_outcome(edge), _outcome(backend))
    return next((action for action in ("BLOCK", "CAPTCHA", "ALLOW") if action in both), None)


def _outcome(policy: _Decided | None) -> str | None:
    if policy is None:
        return None
    if policy[1] == "REDIRECT" and policy[2] == "GOOGLE_RECAPTCHA":
        return "CAPTCHA"
    return _OUTCOMES.get(policy[1])


def _rules(policies: tuple[_Decided | None, ...]) -> list[str] | None:
    """``policy/priority`` and the signatures that hit, of previewed rules with ``preview:`` before them."""
    found: list[str] | None = None
    for policy in policies:
        if policy is None:
            continue
        found = found or []
        mark, _, _, name, priority, signatures = policy
        if priority != _DEFAULT_RULE:
            found.append(f"{mark}{name}/{priority}")
        if signatures:
            found += [mark + entry for entry in signatures]
    return found


MAPPING: Final = FormatMapping(
    JsonLines(),
    {
        "call_id": From("insertId"),
        "ts": From("timestamp", "receiveTimestamp", kind="time"),
        "gateway": From("resource.labels.url_map_name", "resource.labels.forwarding_rule_name"),
        "method": From("httpRequest.requestMethod"),
        "target": From("httpRequest.requestUrl"),
        "protocol": From("httpRequest.protocol"),
        "upstream": From("resource.labels.backend_service_name", "resource.labels.backend_target_name"),
        "client_ip": From("httpRequest.remoteIp", "jsonPayload.remoteIp", kind="peer"),
        "user_agent": From("httpRequest.userAgent"),
        "ja3": From("jsonPayload.securityPolicyRequestData.tlsJa3Fingerprint"),
        "ja4": From("jsonPayload.securityPolicyRequestData.tlsJa4Fingerprint"),
        "country": From("jsonPayload.securityPolicyRequestData.remoteIpInfo.regionCode"),
        "asn": From("jsonPayload.securityPolicyRequestData.remoteIpInfo.asn", kind="whole"),
        "status": From("httpRequest.status", kind="status"),
        "request_bytes": From("httpRequest.requestSize", kind="whole"),
        "response_bytes": From("httpRequest.responseSize", kind="whole"),
    },
    trust="peer",
    finish=_finish,
    also=(
        "httpRequest.latency",
        "jsonPayload.statusDetails",
        *(f"{path}.{name}" for path in (*_ENFORCED, *_PREVIEW) for name in _DECIDED),
    ),
    reasons={
        "method": "the entry is no request of a load balancer (it has no httpRequest with a method)",
        "path": "the entry's httpRequest has no URL",
    },
)  # fmt: skip

read = partial(normalise, MAPPING)

#: What only entries of load balancers have: the payload's type, or the kind of their resource.
_MARKS: Final = (
    b"loadbalancing.type.LoadBalancerLogEntry",
    b'"http_load_balancer"',
    b'"http_external_regional_lb_rule"',
    b'"internal_http_lb_rule"',
    b'"l7_lb_rule"',
)


def looks_like_requests(head: bytes, filename: str) -> float:
    """A load balancer's resource beside an ``httpRequest``; an array of ``gcloud logging read`` too."""
    if not head.lstrip().startswith((b"{", b"[")) or b'"httpRequest"' not in head:
        return 0.0
    return 0.97 if any(mark in head for mark in _MARKS) else 0.0
