"""Our rules on one policy being put together: names, room, priorities. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.azure.conditions import Condition, Dialect, Inexpressible
from connectors.azure.limits import ADDRESSES, ADDRESSES_OLD_ENGINE, CUSTOM_RULES, GATEWAY_PRIORITIES
from connectors.azure.waf_policies import FRONT_DOOR
from connectors.azure.waf_state import RULE
from connectors.base.enforcement import VendorObject
from connectors.base.intent import BlockAction

#: Counting never ends an evaluation and comes first; a solved challenge lets a request pass and comes last.
ORDER: Final = (BlockAction.COUNT, BlockAction.BLOCK, BlockAction.RATE_LIMIT, BlockAction.CHALLENGE)
_ACTIONS: Final = {
    BlockAction.COUNT: "Log",
    BlockAction.BLOCK: "Block",
    BlockAction.RATE_LIMIT: "Block",
    BlockAction.CHALLENGE: "JSChallenge",
}
#: Actions of a customer's rule after which a request passes although we would stop it.
_PASSES: Final = ("allow", "redirect", "jschallenge", "captcha")


@dataclass(slots=True)
class Draft:
    """The rules wanted so far on a policy described by its outline."""

    prefix: str
    outline: Mapping[str, Any]
    behind_proxy: bool = False
    rules: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)

    @property
    def front_door(self) -> bool:
        """Whether it is a policy of Front Door."""
        return self.outline.get("kind") == FRONT_DOOR

    @property
    def dialect(self) -> Dialect:
        """How this policy says things."""
        modern = bool(self.outline.get("modern"))
        socket = "RemoteAddr" if self.behind_proxy or not self.front_door else "SocketAddr"
        kind = str(self.outline.get("kind"))
        return Dialect(kind, socket, ADDRESSES if modern else ADDRESSES_OLD_ENGINE)

    @property
    def room(self) -> int:
        """How many rules still fit."""
        return CUSTOM_RULES - len(self.outline.get("rules") or ()) - len(self.rules)

    def rule_name(self, label: str, number: int) -> str:
        """Letters and digits only; a digest keeps labels apart that differ in other characters."""
        plain = re.sub(r"[^A-Za-z0-9]", "", label)[:60]
        digest = hashlib.sha256(label.encode()).hexdigest()[:6]
        return f"{self.prefix}{plain}{digest}n{number}"

    def check_room(self, rules: int) -> None:
        """Raise ``Inexpressible`` when that many rules do not fit."""
        if rules > self.room:
            raise Inexpressible(
                f"It needs {rules} custom rules and {max(self.room, 0)} of the {CUSTOM_RULES} of this policy are free. "
                "Let an older block expire, combine blocks, or remove rules of your own."
            )

    def add(
        self,
        label: str,
        action: BlockAction,
        rules: Sequence[Sequence[Condition]],
        rate: Mapping[str, Any] | None,
    ) -> list[str]:
        """Add a block's rules and answer their names; raises ``Inexpressible`` when there is no room for all."""
        self.check_room(len(rules))
        names = []
        for number, conditions in enumerate(rules, 1):
            name = self.rule_name(label, number)
            self.rules[name] = (ORDER.index(action), self._rule(name, action, list(conditions), rate))
            names.append(name)
        return names

    def _rule(
        self, name: str, action: BlockAction, conditions: list[Condition], rate: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        state = "enabledState" if self.front_door else "state"
        return {
            "name": name,
            state: "Enabled",
            "ruleType": "MatchRule" if rate is None else "RateLimitRule",
            **(rate or {}),
            "matchConditions": conditions,
            "action": _ACTIONS[action],
        }

    def objects(self) -> tuple[VendorObject, ...]:
        """All wanted rules with the lowest free priorities, counting ones first."""
        taken = {int(rule["priority"]) for rule in self.outline.get("rules") or ()}
        free = iter(number for number in range(1, 2 * GATEWAY_PRIORITIES + 1) if number not in taken)
        ordered = sorted(self.rules.items(), key=lambda entry: (entry[1][0], entry[0]))
        made = [
            VendorObject(RULE, name, name, {**rule, "priority": next(free)}) for name, (_, rule) in ordered
        ]
        return tuple(sorted(made, key=lambda entry: entry.ref))

    def passing_before(self, priority: int) -> list[str]:
        """The customer's rules that let requests pass before a rule of this priority is reached."""
        return [
            str(rule["name"] or f"priority {rule['priority']}")
            for rule in self.outline.get("rules") or ()
            if rule["enabled"] and str(rule["action"]).lower() in _PASSES and int(rule["priority"]) < priority
        ]
