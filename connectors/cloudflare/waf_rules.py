"""A zone's WAF as a neutral policy: custom, rate and managed rules in the order Cloudflare evaluates them.

Source: Ruleset Engine, "Phases" (order), "Actions", typed SDK ``cloudflare`` 5.9 (overrides of managed rulesets).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors.base.enforcement import OWNERSHIP_PREFIX
from connectors.base.model import WafPolicy, WafRule
from connectors.cloudflare.client import ApiV4, Document
from connectors.cloudflare.permissions import WAF
from connectors.cloudflare.zones import Zone

CUSTOM: Final = "http_request_firewall_custom"
RATE: Final = "http_ratelimit"
MANAGED: Final = "http_request_firewall_managed"
#: In the order requests meet them.
PHASES: Final = (CUSTOM, RATE, MANAGED)

_ACTIONS: Final = {
    "block": "block",
    "log": "count",
    "challenge": "captcha",
    "js_challenge": "challenge",
    "managed_challenge": "challenge",
}
_EVIDENCE: Final = ("id", "ref", "action", "description", "action_parameters", "ratelimit", "last_updated")
_SECRET_FIELDS: Final = re.compile(r"http\.(?:request\.)?(?:headers|cookies?)\b|http\.request\.body")
_LITERAL: Final = re.compile(r'(\[)?(?:r(#*)".*?"\2|"(?:[^"\\]|\\.)*")')


def read_entries(api: ApiV4, zone: Zone, phases: tuple[str, ...] = PHASES) -> dict[str, Document]:
    """Entry points by phase; a phase without one is left out."""
    found: dict[str, Document] = {}
    for phase in phases:
        entry = api.one(f"/zones/{zone.id}/rulesets/phases/{phase}/entrypoint", WAF, absent=True)
        if entry is not None:
            found[phase] = entry
    return found


def rules_of(entry: Mapping[str, Any] | None) -> list[Document]:
    """The rules of an entry point, in order."""
    rules = (entry or {}).get("rules")
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []


def is_ours(rule: Mapping[str, Any]) -> bool:
    """Whether a rule carries our mark."""
    return str(rule.get("ref") or "").startswith(f"{OWNERSHIP_PREFIX}_")


def policy_of(zone: Zone, entries: Mapping[str, Document], stage_ref: str, logging: bool | None) -> WafPolicy:
    """The zone's policy. Rules that are switched off are counted in the evidence and left out."""
    rules: list[WafRule] = []
    off = 0
    for phase in PHASES:
        for rule in rules_of(entries.get(phase)):
            if rule.get("enabled") is False:
                off += 1
            else:
                rules.append(_rule(phase, rule, len(rules) + 1))
    return WafPolicy(
        ref=policy_ref(zone),
        name=zone.name,
        default_action="allow",
        rules=tuple(rules),
        attached_to=(stage_ref,),
        logging=logging,
        scope=zone.plan,
        writable=True,
        evidence={
            "zone": zone.name,
            "plan": zone.plan,
            "rules_switched_off": off,
            "versions": {phase: entry.get("version") for phase, entry in entries.items()},
        },
    )


def policy_ref(zone: Zone) -> str:
    """How snapshots call a zone's WAF."""
    return f"waf:{zone.id}"


def limits_rate(entries: Mapping[str, Document]) -> bool:
    """Whether any rate rule acts."""
    return any(
        rule.get("enabled") is not False and rule.get("action") != "log"
        for rule in rules_of(entries.get(RATE))
    )


def shown(rule: Mapping[str, Any]) -> Document:
    """A rule as evidence; what is compared with headers, cookies or bodies may be a secret and is left out."""
    expression = str(rule.get("expression") or "")
    if _SECRET_FIELDS.search(expression):
        expression = _LITERAL.sub(lambda found: found.group() if found.group(1) else '"…"', expression)
    return {**{name: rule[name] for name in _EVIDENCE if name in rule}, "expression": expression}


def _rule(phase: str, rule: Document, priority: int) -> WafRule:
    name = str(rule.get("description") or rule.get("ref") or rule.get("id"))
    return WafRule(name, priority, _action(rule), _kind(phase, rule), is_ours(rule), shown(rule))


def _kind(phase: str, rule: Document) -> str:
    if rule.get("action") == "execute":
        return "managed"
    if phase == RATE:
        return "rate"
    expression = str(rule.get("expression") or "").strip("() ")
    return "ip_set" if re.fullmatch(r"ip\.src (?:in|eq) [^()]*", expression) else "match"


def _action(rule: Document) -> str:
    """A skip allows only when it leaves managed rules out; a managed ruleset counts when it is overridden to log."""
    action = str(rule.get("action") or "")
    parameters = rule.get("action_parameters") or {}
    if action == "skip":
        phases, products = parameters.get("phases") or (), parameters.get("products") or ()
        return "allow" if MANAGED in phases or "waf" in products else "none"
    if action == "execute":
        overrides = parameters.get("overrides") or {}
        if overrides.get("enabled") is False or overrides.get("action") == "log":
            return "count"
        return "none"
    return _ACTIONS.get(action, "none")
