"""One WAF policy as we read and write it: our rules, and everything else kept as it is. Pure but for the reading."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from connectors.azure.client import Arm
from connectors.azure.parts import Document, properties
from connectors.azure.waf_policies import (
    FRONT_DOOR,
    GATEWAY,
    custom_rules,
    detects_only,
    enabled,
    managed_sets,
)
from connectors.base.enforcement import OWNERSHIP_PREFIX, State, Target, VendorObject
from connectors.base.errors import RefusedError, SettingsError

#: Kinds of targets, and of the objects on them.
TARGETS: Final = {"front_door_waf": FRONT_DOOR, "application_gateway_waf": GATEWAY}
RULE: Final = "custom_rule"
POLICY: Final = "waf_policy"
#: Members that say nothing in a rule that only matches; Front Door answers them as 0.
_RATE: Final = ("rateLimitDurationInMinutes", "rateLimitThreshold", "groupBy")
#: What Azure computes: not the customer's content, and never sent back.
_COMPUTED_TOP: Final = ("id", "name", "type", "etag", "systemData")
_COMPUTED: Final = (
    "provisioningState", "resourceState", "frontendEndpointLinks", "routingRuleLinks", "securityPolicyLinks",
    "applicationGateways", "httpListeners", "pathBasedRules", "applicationGatewayForContainers",
)  # fmt: skip


def product_of(target: Target) -> str:
    """The product a target belongs to; raises ``SettingsError`` when it is none of ours."""
    found = TARGETS.get(target.kind)
    if found is None:
        raise SettingsError(
            f"{target.ref} is no WAF policy of Azure.", action="Choose a target from the list again."
        )
    return found


def owner_prefix(client_id: str) -> str:
    """What the names of our rules begin with; it differs between applications, so that two never meet."""
    return f"{OWNERSHIP_PREFIX}{hashlib.sha256(client_id.encode()).hexdigest()[:6]}"


def is_ours(rule: Mapping[str, Any], prefix: str) -> bool:
    """Whether a rule's name carries our mark."""
    return str(rule.get("name") or "").lower().startswith(prefix.lower())


def read_policy(arm: Arm, target: Target) -> Document:
    """The policy now."""
    product_of(target)
    return arm.get(target.ref)


def state_of(document: Document, target: Target, prefix: str) -> State:
    """Our rules, an outline of the customer's part, and the digest of all that is not ours."""
    kind = product_of(target)
    rules = custom_rules(kind, document)
    lock = str(document.get("etag") or "")
    objects = [
        VendorObject(RULE, str(rule["name"]), str(rule["name"]), settled(rule), lock)
        for rule in rules
        if is_ours(rule, prefix)
    ]
    foreign = [rule for rule in rules if not is_ours(rule, prefix)]
    outline = VendorObject(
        POLICY, target.ref, target.name, _outline(kind, document, foreign), lock, ours=False
    )
    return State(
        target=target,
        objects=tuple(sorted(objects, key=lambda entry: entry.ref)),
        foreign=(outline,),
        foreign_digest=_digest(kind, document, foreign),
    )


def outline_of(state: State) -> Mapping[str, Any]:
    """What compiling must know of the policy."""
    return state.foreign[0].document if state.foreign else {}


def with_rules(
    document: Document, target: Target, prefix: str, ours: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """The whole document to write: the customer's part as read, our rules as wanted.

    Raises ``RefusedError`` when a name or priority of ours was taken meanwhile.
    """
    kind = product_of(target)
    foreign = [rule for rule in custom_rules(kind, document) if not is_ours(rule, prefix)]
    taken = {int(rule.get("priority") or 0) for rule in foreign}
    wanted = [dict(rule) for rule in ours]
    for rule in wanted:
        if int(rule["priority"]) in taken:
            raise RefusedError(
                f"Priority {rule['priority']} of WAF policy {target.name} was taken meanwhile.",
                action="The next push chooses another one.",
            )
    rules = [*foreign, *wanted]
    held = {name: value for name, value in properties(document).items() if name not in _COMPUTED}
    if kind == FRONT_DOOR:
        held["customRules"] = {**dict(held.get("customRules") or {}), "rules": rules}
    else:
        held["customRules"] = rules
    top = {name: value for name, value in document.items() if name not in _COMPUTED_TOP}
    return {**top, "properties": held}


def settled(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule without what Azure fills in: nulls, empty lists, version tokens, and limits of rules that limit nothing."""
    filled = ("etag", *(_RATE if rule.get("ruleType") == "MatchRule" else ()))
    found: dict[str, Any] = _bare({name: value for name, value in rule.items() if name not in filled})
    return found


def _outline(kind: str, document: Document, foreign: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "kind": kind,
        "tier": str((document.get("sku") or {}).get("name") or ""),
        "enabled": enabled(kind, document),
        "detects": detects_only(document),
        "modern": kind == FRONT_DOOR or _modern(document),
        "rules": sorted(
            (
                {
                    "name": str(rule.get("name") or ""),
                    "priority": int(rule.get("priority") or 0),
                    "action": str(rule.get("action") or ""),
                    "enabled": "Disabled" not in (rule.get("enabledState"), rule.get("state")),
                }
                for rule in foreign
            ),
            key=lambda entry: int(str(entry["priority"])),
        ),
    }


def _modern(document: Document) -> bool:
    """Whether a gateway's policy runs on the engine of CRS 3.2 and the Default Rule Set."""
    for entry in managed_sets(document):
        kind, version = str(entry.get("ruleSetType")), str(entry.get("ruleSetVersion"))
        numbers = [int(part) for part in version.split(".") if part.isdigit()]
        if kind == "Microsoft_DefaultRuleSet" or (kind == "OWASP" and numbers >= [3, 2]):
            return True
    return False


def _digest(kind: str, document: Document, foreign: list[dict[str, Any]]) -> str:
    held = {name: value for name, value in properties(document).items() if name not in _COMPUTED}
    held["customRules"] = [settled(rule) for rule in foreign]
    top = {name: value for name, value in document.items() if name not in _COMPUTED_TOP}
    text = orjson.dumps(_bare({**top, "properties": held}), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {str(key): _bare(entry) for key, entry in value.items()}
        return {key: entry for key, entry in kept.items() if entry not in (None, [], {})}
    return [_bare(entry) for entry in value] if isinstance(value, list | tuple) else value
