"""The objects a program wants on one zone, gathered within what the zone's plan has room for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from connectors.base.enforcement import OWNERSHIP_PREFIX, Target, VendorObject
from connectors.base.intent import BlockAction, IPNetwork
from connectors.cloudflare.estate import DESCRIPTION, LIST, RULE, Estate, list_name
from connectors.cloudflare.limits import LIST_PREFIXES, PLANS, PlanLimits
from connectors.cloudflare.strings import Inexpressible
from connectors.cloudflare.waf_rules import CUSTOM, RATE

#: What Cloudflare does for an action. Rate limits block whoever is over the rate.
ACTIONS: Final = {
    BlockAction.COUNT: "log",
    BlockAction.BLOCK: "block",
    BlockAction.CHALLENGE: "managed_challenge",
    BlockAction.RATE_LIMIT: "block",
}
_UNSAFE: Final = re.compile(r"[^a-z0-9_]")


class Plan:
    """Rules and lists wanted so far."""

    def __init__(self, target: Target, estate: Estate) -> None:
        self.limits: PlanLimits = PLANS[estate.plan if estate.plan in PLANS else "free"]
        self.name = estate.plan
        self._target = target
        self._lists_left = max(0, self.limits.lists - estate.foreign_lists)
        self._left = {
            CUSTOM: self.limits.custom_rules - estate.foreign_rules.get(CUSTOM, 0),
            RATE: self.limits.rate_rules - estate.foreign_rules.get(RATE, 0),
        }
        self._items_left = self.limits.list_items
        self._objects: dict[tuple[str, str], VendorObject] = {}

    def add_rule(
        self,
        phase: str,
        action: BlockAction,
        key: str,
        expression: str,
        rate: Mapping[str, Any] | None = None,
    ) -> str:
        """Want one rule known by ``key``; says what it costs. ``Inexpressible`` when the plan has no room."""
        most = self.limits.custom_rules if phase == CUSTOM else self.limits.rate_rules
        kind = "custom" if phase == CUSTOM else "rate limiting"
        if self._left[phase] <= 0:
            raise Inexpressible(
                f"The zone has no room for another {kind} rule: its plan takes {most} in all."
            )
        self._left[phase] -= 1
        ref = rule_ref(key)
        document: dict[str, Any] = {
            "phase": phase,
            "action": ACTIONS[action],
            "description": f"{DESCRIPTION} ({key})",
            "enabled": True,
            "expression": expression,
            "ref": ref,
        }
        if rate is not None:
            document["ratelimit"] = dict(rate)
        self._objects[(RULE, ref)] = VendorObject(RULE, ref, ref, document)
        return f"1 of {most:,} {kind} rules"

    def takes_list(self) -> bool:
        """Whether the account has room for one more list of ours."""
        return self._lists_left > 0

    def takes_items(self, count: int) -> bool:
        """Whether that many more addresses fit."""
        return count <= self._items_left

    def add_list(self, action: BlockAction, networks: set[IPNetwork]) -> str:
        """Want an address list for an action; gives its name."""
        name = list_name(self._target, action.value)
        self._lists_left -= 1
        self._items_left -= len(networks)
        document = {
            "name": name,
            "kind": "ip",
            "description": DESCRIPTION,
            "items": sorted(str(network) for network in networks),
        }
        self._objects[(LIST, name)] = VendorObject(LIST, name, name, document)
        return name

    def objects(self) -> tuple[VendorObject, ...]:
        """All wanted objects, sorted: equal intents always give equal programs."""
        return tuple(self._objects[key] for key in sorted(self._objects))


def rule_ref(key: str) -> str:
    """The ``ref`` of a rule of ours; keys that need rewriting stay apart by a short hash."""
    safe = _UNSAFE.sub("_", key.lower())
    if safe != key:
        safe = f"{safe}_{hashlib.sha256(key.encode()).hexdigest()[:6]}"
    return f"{OWNERSHIP_PREFIX}_{safe}"


def fits_list(network: IPNetwork) -> bool:
    """Whether an address list takes the network; rules themselves take any."""
    shortest, longest = LIST_PREFIXES[network.version]
    return shortest <= network.prefixlen <= longest
