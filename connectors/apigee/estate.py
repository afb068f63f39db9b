"""Read what stands in one environment now: our security actions, and the rest as a digest and an outline."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from connectors.apigee.actions import (
    ENVIRONMENT,
    bare,
    effect_of,
    foreign_digest,
    is_ours,
    kind_of,
    ref_of,
)
from connectors.apigee.client import Organization
from connectors.apigee.reading import is_secured, list_actions, read_addresses, read_ingress, read_named
from connectors.base.enforcement import State, Target, VendorObject


def read_state(organization: Organization, target: Target) -> State:
    """The state now. Any failed read is raised: blocks are never computed from a half-known environment."""
    place = f"/environments/{quote(target.name, safe='')}"
    named = read_named(organization)
    addons = organization.read(f"{place}/addonsConfig", "apigee.addonsconfig.get")
    config = organization.read(f"{place}/securityActionsConfig", "apigee.securityActionsConfig.get")
    actions = list_actions(organization, target.name)
    own = [action for action in actions if is_ours(action)]
    foreign = [action for action in actions if not is_ours(action) and action.get("state") == "ENABLED"]
    enabled = config.get("enabled") is True
    document = {
        "secured": is_secured(named, addons),
        "enabled": enabled,
        "forgeable_addresses": read_addresses(organization, target.name).forgeable,
        "hybrid": named.get("runtimeType") == "HYBRID",
        "proxies": _proxies(organization, target.name),
        "allows": sorted(ref_of(action) for action in foreign if effect_of(action) == "allow"),
        "enabled_actions": len(foreign),
        "scoped_actions": sum(bool(action.get("apiProxies")) for action in foreign),
    }
    objects = [VendorObject(kind_of(action), ref_of(action), ref_of(action), bare(action)) for action in own]
    return State(
        target=target,
        objects=tuple(sorted(objects, key=lambda entry: entry.ref)),
        foreign=(VendorObject(ENVIRONMENT, target.ref, target.name, document, ours=False),),
        foreign_digest=foreign_digest(actions, enabled),
    )


def _proxies(organization: Organization, environment: str) -> dict[str, list[str]]:
    """The deployed proxies of an environment with all their base paths."""
    found: dict[str, dict[str, None]] = {}
    for group in read_ingress(organization):
        rules: list[dict[str, Any]] = group.get("routingRules") or []
        for rule in rules:
            if rule.get("environment") == f"{organization.name}/environments/{environment}":
                parts = str(rule.get("receiver", "")).split("/")
                if len(parts) == 6:
                    found.setdefault(parts[3], {})[str(rule.get("basepath", ""))] = None
    return {name: list(bases) for name, bases in sorted(found.items())}
