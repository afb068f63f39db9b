"""Rules of Cloud Armor as documents: which are ours, what they do, and what of the others must be known.

A rule's only name is its priority; that it is ours is written in its description, of which there are 64 characters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from connectors.base.enforcement import OWNERSHIP_PREFIX, State
from connectors.base.intent import BlockAction, RateLimitSpec
from connectors.cloudarmor.limits import COUNT, DEFAULT_PRIORITY, DESCRIPTION, INTERVALS, RANGES

RULE: Final = "rule"
GROUP: Final = "address_group"
POLICY: Final = "security_policy"
_MARK: Final = re.compile(rf"^{OWNERSHIP_PREFIX} (\S+) (\d+)$")
_LONGEST_ID: Final = DESCRIPTION - len(OWNERSHIP_PREFIX) - 6
#: Actions after which no later rule is asked although the request goes on.
PASSING: Final = ("allow", "throttle", "rate_based_ban")


def description(owner: str, number: int) -> str:
    """The mark of one of our rules: whose it is (an intent's id or a pack's name) and which of them."""
    name = owner if len(owner) <= _LONGEST_ID and " " not in owner else short_hash(owner)
    return f"{OWNERSHIP_PREFIX} {name} {number}"


def short_hash(text: str) -> str:
    """Sixteen characters that stand for a text."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def mark_of(rule: Mapping[str, Any]) -> tuple[str, int] | None:
    """(owner, number) of a rule of ours; None for every other."""
    found = _MARK.match(str(rule.get("description", "")))
    return (found[1], int(found[2])) if found else None


def rule_ref(policy: str, priority: int) -> str:
    """What we call the rule of a policy at a priority."""
    return f"{policy}/rules/{priority}"


def bare(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule without what Google adds for readers."""
    return {key: value for key, value in rule.items() if key != "kind" and value not in (None, "", [], {})}


def network_matches(networks: Sequence[str]) -> list[dict[str, Any]]:
    """Basic matches (SRC_IPS_V1) that together are these networks."""
    return [
        {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": list(networks[start : start + RANGES])}}
        for start in range(0, len(networks), RANGES)
    ]


def expression_match(text: str) -> dict[str, Any]:
    """An advanced match."""
    return {"expr": {"expression": text}}


def action_members(action: BlockAction) -> dict[str, Any]:
    """What a rule does; a counting one denies in preview, which is only logged."""
    if action is BlockAction.CHALLENGE:
        return {"action": "redirect", "redirectOptions": {"type": "GOOGLE_RECAPTCHA"}, "preview": False}
    return {"action": "deny(403)", "preview": action is BlockAction.COUNT}


def rate_members(spec: RateLimitSpec | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A throttle per client address, and what differs from what was asked; ``ValueError`` with the reason if none can."""
    if spec is None or spec.limit < 1 or spec.window_seconds < 1:
        raise ValueError("A rate limit needs a number of requests and a window.")
    interval = next((seconds for seconds in INTERVALS if seconds >= spec.window_seconds), INTERVALS[-1])
    count = spec.limit if interval == spec.window_seconds else spec.limit * interval // spec.window_seconds
    if not 1 <= count <= COUNT:
        raise ValueError(
            f"Cloud Armor counts 1 to {COUNT:,} requests in at most {INTERVALS[-1]} seconds; {spec.limit} in "
            f"{spec.window_seconds} s is outside."
        )
    notes = ["Cloud Armor counts per backend service and region, and only approximately."]
    if interval != spec.window_seconds:
        notes.append(
            f"{spec.limit} in {spec.window_seconds} s becomes {count} in {interval} s, Cloud Armor's next window."
        )
    options = {
        "conformAction": "allow",
        "exceedAction": "deny(429)",
        "rateLimitThreshold": {"count": count, "intervalSec": interval},
        "enforceOnKeyConfigs": [{"enforceOnKeyType": "IP"}],
    }
    return {"action": "throttle", "preview": False, "rateLimitOptions": options}, tuple(notes)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A rule that is not ours, as far as it bears on ours."""

    priority: int
    action: str
    preview: bool

    @property
    def passes(self) -> bool:
        """Whether it lets requests go on that no later rule is then asked about."""
        return not self.preview and self.action in PASSING

    @property
    def stops(self) -> bool:
        """Whether it would stop some requests, if they came to it."""
        return not self.preview and self.action != "allow"


@dataclass(frozen=True, slots=True)
class Policy:
    """The enforcement view of a policy: what kind it is and its foreign rules in order."""

    regional: bool
    foreign: tuple[Foreign, ...]

    @classmethod
    def of(cls, state: State) -> Policy:
        """The policy a state describes."""
        document = next((entry.document for entry in state.foreign if entry.kind == POLICY), {})
        rules = tuple(Foreign(**rule) for rule in document.get("rules", ()))
        return cls(bool(document.get("regional")), rules)


def outline(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Order, action and mode of foreign rules; never what they compare."""
    found = [
        {
            "priority": int(rule["priority"]),
            "action": str(rule.get("action", "")).partition("(")[0],
            "preview": rule.get("preview") is True,
        }
        for rule in rules
    ]
    return sorted(found, key=lambda rule: int(rule["priority"]))


def label(rule: Foreign) -> str:
    """A foreign rule in words."""
    return "the default rule" if rule.priority == DEFAULT_PRIORITY else f"rule {rule.priority}"


def foreign_digest(policy: Mapping[str, Any]) -> str:
    """A digest of the policy without our rules and without what changes with them."""
    rest = {key: value for key, value in policy.items() if key not in ("rules", "fingerprint")}
    rules = [rule for rule in policy["rules"] if mark_of(rule) is None]
    rest["rules"] = sorted(rules, key=lambda rule: int(rule["priority"]))
    return hashlib.sha256(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)).hexdigest()
