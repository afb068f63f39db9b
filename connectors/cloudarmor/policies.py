"""Cloud Armor policies as neutral policies: rules in order, what they protect and whether its requests are logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors.base.model import RateLimit, WafPolicy, WafRule
from connectors.cloudarmor.limits import DEFAULT_PRIORITY
from connectors.cloudarmor.rules import mark_of

_MANAGED: Final = ("evaluatePreconfigured", "evaluateThreatIntelligence", "evaluateAdaptiveProtection")
_RATES: Final = ("throttle", "rate_based_ban")
#: Headers whose expected values in a rule are no secrets; others may be (a proxy's secret for its origin).
_HARMLESS: Final = frozenset(
    {"user-agent", "host", "referer", "content-type", "accept", "origin", "x-forwarded-for", "content-length"}
)
_HEADER: Final = re.compile(r"request\.headers\[\s*['\"]([^'\"]+)['\"]\s*\]")
#: A header as it is named, or any text an expression compares with.
_NAMED_OR_TEXT: Final = re.compile(
    rf"(?P<named>{_HEADER.pattern})|[rR]?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
)
_KEPT: Final = (
    "name",
    "type",
    "description",
    "adaptiveProtectionConfig",
    "advancedOptionsConfig",
    "region",
    "labels",
)


def waf_policy(
    ref: str, document: Mapping[str, Any], attached: tuple[str, ...], known: bool, logging: bool | None
) -> WafPolicy:
    """One policy; ``attached`` are the stages it protects, ``known`` says whether they could all be read."""
    name = str(document.get("name") or ref.rpartition("/")[2])
    rules = sorted(document["rules"], key=lambda rule: int(rule["priority"]))
    default = next((rule for rule in rules if rule["priority"] == DEFAULT_PRIORITY), None)
    kind = str(document.get("type") or "CLOUD_ARMOR")
    return WafPolicy(
        ref=ref,
        name=name,
        default_action=_action(default) if default else "allow",
        rules=tuple(_rule(name, rule) for rule in rules if rule["priority"] != DEFAULT_PRIORITY),
        attached_to=attached,
        attachments_known=known,
        logging=logging,
        log_destinations=("Cloud Logging",) if logging else (),
        scope="/".join(ref.split("/")[2:-2]),
        writable=kind == "CLOUD_ARMOR",
        evidence={key: document[key] for key in _KEPT if key in document},
    )


def rate_limits(name: str, document: Mapping[str, Any]) -> tuple[RateLimit, ...]:
    """The limits a policy sets on every request: enforced rate rules whose match is everybody."""
    found = []
    for rule in document["rules"]:
        options = rule.get("rateLimitOptions")
        ranges = (rule.get("match") or {}).get("config", {}).get("srcIpRanges")
        if (
            rule.get("action") not in _RATES
            or rule.get("preview")
            or ranges != ["*"]
            or not isinstance(options, dict)
        ):
            continue
        threshold = options.get("rateLimitThreshold") or {}
        if isinstance(threshold.get("count"), int) and isinstance(threshold.get("intervalSec"), int):
            source = f"{name}/{rule['priority']}"
            found.append(RateLimit(threshold["count"], threshold["intervalSec"], _key(options), source))
    return tuple(found)


def _rule(policy: str, rule: Mapping[str, Any]) -> WafRule:
    """Named as request logs name it: ``policy/priority``."""
    priority = int(rule["priority"])
    ours = mark_of(rule) is not None
    return WafRule(f"{policy}/{priority}", priority, _action(rule), _kind(rule), ours, _redacted(rule))


def _action(rule: Mapping[str, Any]) -> str:
    """allow, block, count, captcha; rate rules block what is above their limit."""
    action = str(rule.get("action", ""))
    if rule.get("preview") is True:
        return "count"
    if action == "allow":
        return "allow"
    redirect = rule.get("redirectOptions")
    captcha = isinstance(redirect, dict) and redirect.get("type") == "GOOGLE_RECAPTCHA"
    return "captcha" if action == "redirect" and captcha else "block"


def _kind(rule: Mapping[str, Any]) -> str:
    if rule.get("action") in _RATES:
        return "rate"
    match = rule.get("match") or {}
    text = _expression(match)
    if any(function in text for function in _MANAGED):
        return "managed"
    return "ip_set" if match.get("versionedExpr") or "AddressGroup(" in text else "match"


def _expression(match: Mapping[str, Any]) -> str:
    expr = match.get("expr")
    return str(expr.get("expression", "")) if isinstance(expr, dict) else ""


def _key(options: Mapping[str, Any]) -> str:
    kinds = options.get("enforceOnKeyConfigs") or [{"enforceOnKeyType": options.get("enforceOnKey", "ALL")}]
    return "+".join(str(kind.get("enforceOnKeyType", "")).lower() for kind in kinds)


def _redacted(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule without values it expects in, or adds to, headers that may carry secrets."""
    made = {key: value for key, value in rule.items() if key not in ("kind", "headerAction")}
    match = rule.get("match") or {}
    text = _expression(match)
    if any(header.lower() not in _HARMLESS for header in _HEADER.findall(text)):
        kept = _NAMED_OR_TEXT.sub(lambda found: found["named"] or "'(not kept: may be a secret)'", text)
        made["match"] = {**match, "expr": {"expression": kept}}
    return made
