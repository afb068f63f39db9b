"""WAF policies of both products as neutral policies: rules in order, mode, what they protect and whether that is logged.

Source: Azure REST API "Web Application Firewall Policies" of Front Door and of Application Gateway. Custom rules come
first, in the order of their priorities, managed rule sets after them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.azure.client import Arm
from connectors.azure.parts import Document, Parts, listed, picked, properties, ref_of
from connectors.azure.permissions import FRONT_DOOR_POLICIES, GATEWAY_POLICIES
from connectors.base.enforcement import OWNERSHIP_PREFIX
from connectors.base.ledger import Ledger
from connectors.base.model import WafPolicy, WafRule

FRONT_DOOR: Final = "front_door"
GATEWAY: Final = "application_gateway"
_KINDS: Final = ((FRONT_DOOR, FRONT_DOOR_POLICIES), (GATEWAY, GATEWAY_POLICIES))
_ACTIONS: Final = {
    "allow": "allow", "block": "block", "log": "count", "redirect": "block", "jschallenge": "challenge",
    "captcha": "captcha",
}  # fmt: skip
_LINKS: Final = (
    "securityPolicyLinks", "frontendEndpointLinks", "routingRuleLinks", "applicationGateways", "httpListeners",
    "pathBasedRules",
)  # fmt: skip
#: Headers whose expected values in a rule are no secrets; others may be (a CDN's origin secret).
_HARMLESS: Final = ("user-agent", "host", "referer", "content-type", "accept", "origin", "x-forwarded-for")
#: Managed sets come after every custom rule.
_MANAGED: Final = 1_000_000


def read_policies(arm: Arm, ledger: Ledger, subscription: str, parts: Parts) -> None:
    """Every WAF policy of a subscription; what protects what must have been read before."""
    for kind, named in _KINDS:
        found = ledger.attempt(
            ("waf",),
            f"{named.rpartition('/')[2]} in {subscription}",
            lambda named=named: arm.items(f"/subscriptions/{subscription}/providers/{named}"),  # type: ignore[misc]
        )
        parts.policies += [_policy(kind, document, parts) for document in found or ()]


def custom_rules(kind: str, document: Document) -> list[dict[str, Any]]:
    """A policy's custom rules as Azure has them."""
    held = properties(document).get("customRules")
    rules = held.get("rules") if isinstance(held, Mapping) else held
    return [dict(rule) for rule in listed(rules)]


def enabled(kind: str, document: Document) -> bool:
    """Whether the policy does anything."""
    settings = properties(document).get("policySettings") or {}
    return settings.get("enabledState" if kind == FRONT_DOOR else "state") != "Disabled"


def detects_only(document: Document) -> bool:
    """Whether the policy blocks nothing, whatever its rules say."""
    return (properties(document).get("policySettings") or {}).get("mode") == "Detection"


def managed_sets(document: Document) -> list[Document]:
    """The managed rule sets in force."""
    return listed((properties(document).get("managedRules") or {}).get("managedRuleSets"))


def _policy(kind: str, document: Document, parts: Parts) -> WafPolicy:
    ref, held = ref_of(document), properties(document)
    links = [ref_of(link) for name in _LINKS for link in listed(held.get(name))]
    attached = sorted(parts.protects.get(ref, set())) or sorted(links)
    logged = [parts.logs_firewall[entry] for entry in attached if entry in parts.logs_firewall]
    watching, off = detects_only(document), not enabled(kind, document)
    evidence: dict[str, Any] = {"kind": kind, **picked(document, ("id", "sku", "location"))}
    evidence |= {"mode": (held.get("policySettings") or {}).get("mode"), "enabled": not off}
    evidence["policySettings"] = dict(held.get("policySettings") or {})
    return WafPolicy(
        ref=ref,
        name=str(document.get("name")),
        default_action="allow",
        rules=_rules(kind, document, watching=watching, off=off),
        attached_to=tuple(attached),
        attachments_known=bool(attached) or not links,
        logging=_logging(logged),
        log_destinations=tuple(sorted({where for _, where in logged if where})),
        scope=kind,
        evidence=evidence,
    )


def _logging(logged: list[tuple[bool | None, str]]) -> bool | None:
    """Everything it protects is logged, something is not, or it is not known."""
    states = [state for state, _ in logged]
    if not states or None in states:
        return None
    return all(states)


def _rules(kind: str, document: Document, *, watching: bool, off: bool) -> tuple[WafRule, ...]:
    """Rules in the order they are evaluated; a policy that only detects counts, one that is off does nothing."""

    def judged(action: str) -> str:
        if off:
            return "none"
        return "count" if watching and action != "allow" else action

    found = []
    for rule in custom_rules(kind, document):
        name = str(rule.get("name") or f"priority {rule.get('priority')}")
        disabled = "Disabled" in (rule.get("enabledState"), rule.get("state"))
        action = _ACTIONS.get(str(rule.get("action")).lower(), "none")
        found.append(
            WafRule(
                name=name,
                priority=int(rule.get("priority") or 0),
                action="none" if disabled else judged(action),
                kind="rate" if rule.get("ruleType") == "RateLimitRule" else _kind(rule),
                ours=name.startswith(OWNERSHIP_PREFIX),
                evidence=redacted(rule),
            )
        )
    for number, entry in enumerate(managed_sets(document)):
        name = f"{entry.get('ruleSetType')} {entry.get('ruleSetVersion')}"
        shown = picked(entry, ("ruleSetType", "ruleSetVersion", "ruleSetAction", "exclusions"))
        action = _ACTIONS.get(str(entry.get("ruleSetAction") or "Block").lower(), "block")
        found.append(WafRule(name, _MANAGED + number, judged(action), "managed", evidence=shown))
    return tuple(sorted(found, key=lambda rule: rule.priority))


def _kind(rule: Document) -> str:
    operators = {str(condition.get("operator")) for condition in listed(rule.get("matchConditions"))}
    if operators == {"IPMatch"}:
        return "ip_set"
    return "geo" if operators == {"GeoMatch"} else "match"


def redacted(rule: Document) -> dict[str, Any]:
    """A rule without the values it expects in headers and cookies that may carry secrets."""
    made = dict(rule)
    conditions = []
    for condition in listed(rule.get("matchConditions")):
        names = [condition, *listed(condition.get("matchVariables"))]
        selectors = [str(entry.get("selector") or "").lower() for entry in names]
        if any(selector and selector not in _HARMLESS for selector in selectors):
            hidden = {
                name: ["(not kept: may be a secret)"]
                for name in ("matchValue", "matchValues")
                if name in condition
            }
            condition = {**condition, **hidden}
        conditions.append(dict(condition))
    return {**made, "matchConditions": conditions}
