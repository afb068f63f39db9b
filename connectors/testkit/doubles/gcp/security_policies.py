"""The methods of a security policy's rules, and of the policy itself.

addRule, patchRule and removeRule know no fingerprint and no request id: the priority is a rule's only name.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from connectors.testkit.doubles.gcp.rule_validity import DEFAULT_PRIORITY, check_rule
from connectors.testkit.doubles.gcp.store import GLOBAL, Resource, Store
from connectors.testkit.doubles.google.discovery import Call
from connectors.testkit.doubles.google.errors import GoogleError, invalid

RULE_KIND = "compute#securityPolicyRule"


@dataclass(frozen=True)
class Quotas:
    """SECURITY_POLICY_RULES and SECURITY_POLICY_CEVAL_RULES of a project."""

    rules: int = 200
    expressions: int = 20


def fingerprint(resource: Resource) -> str:
    """Changes with the resource."""
    bare = {key: value for key, value in resource.items() if key != "fingerprint"}
    digest = hashlib.sha256(orjson.dumps(bare, option=orjson.OPT_SORT_KEYS)).digest()[:8]
    return base64.b64encode(digest).decode()


@dataclass(frozen=True)
class Policies:
    """Rule methods over the store. ``group`` tells whether an address group for Cloud Armor exists."""

    store: Store
    quotas: Quotas
    group: Callable[[str], bool]

    def complete(self, policy: Resource, scope: str) -> None:
        """Check a policy that is to be made, and give it the default rule it must have."""
        policy.setdefault("type", "CLOUD_ARMOR")
        rules = policy.setdefault("rules", [])
        priorities = [rule.get("priority") for rule in rules]
        if len(set(priorities)) != len(priorities):
            raise invalid(
                "Invalid value for field 'resource.rules': Cannot have rules with the same priorities."
            )
        for rule in rules:
            check_rule(rule, policy["type"], scope != GLOBAL, self.group)
        if DEFAULT_PRIORITY not in priorities:
            match = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
            rules.append(
                {
                    "priority": DEFAULT_PRIORITY,
                    "action": "allow",
                    "match": match,
                    "description": "default rule",
                }
            )
        policy["rules"] = [_shown(rule) for rule in rules]

    def rule(self, policy: Resource, priority: int) -> Resource:
        """One rule; ``GoogleError`` 400 as the vendor answers for a priority that has none."""
        for rule in policy["rules"]:
            if rule["priority"] == priority:
                found: Resource = rule
                return found
        raise invalid(
            f"Invalid value for field 'priority': '{priority}'. {policy['name']} does not contain a rule at "
            f"priority {priority}."
        )

    def change(self, call: Call, verb: str, policy: Resource, scope: str) -> list[Resource]:
        """The rules after ``verb`` (addRule, patchRule, removeRule); ``GoogleError`` when it is refused."""
        rules: list[Resource] = list(policy["rules"])
        if verb == "addRule":
            return self._added(call.body, policy, rules, scope)
        present = self.rule(policy, call.query.get("priority", 0))
        rest = [rule for rule in rules if rule is not present]
        if verb == "removeRule":
            if present["priority"] == DEFAULT_PRIORITY:
                raise invalid("Invalid value for field 'priority': The default rule cannot be removed.")
            return rest
        changed = {**present, **call.body}
        if present["action"] == "rate_based_ban" and changed["action"] == "throttle":
            raise invalid("Invalid value for field 'resource.action': A ban cannot become a throttle.")
        return self._added(changed, policy, rest, scope)

    def _added(self, rule: Resource, policy: Resource, rest: list[Resource], scope: str) -> list[Resource]:
        check_rule(rule, policy["type"], scope != GLOBAL, self.group)
        if any(entry["priority"] == rule["priority"] for entry in rest):
            raise invalid(
                f"Invalid value for field 'resource.priority': '{rule['priority']}'. "
                "Cannot have rules with the same priorities."
            )
        self._check_quotas(rule, policy, rest)
        return sorted([*rest, _shown(rule)], key=lambda entry: int(entry["priority"]))

    def _check_quotas(self, rule: Resource, policy: Resource, rest: list[Resource]) -> None:
        everything = [rule, *rest]
        for scope in self.store.scopes("securityPolicies"):
            for other in self.store.all("securityPolicies", scope):
                everything += other["rules"] if other is not policy else []
        written = [entry for entry in everything if entry["priority"] != DEFAULT_PRIORITY]
        expressions = [entry for entry in written if "expr" in entry["match"]]
        for name, used, limit in (
            ("SECURITY_POLICY_RULES", len(written), self.quotas.rules),
            ("SECURITY_POLICY_CEVAL_RULES", len(expressions), self.quotas.expressions),
        ):
            if used > limit:
                raise GoogleError(
                    403, "quotaExceeded", f"Quota '{name}' exceeded.  Limit: {limit}.0 globally."
                )


def _shown(rule: Resource) -> dict[str, Any]:
    return {"kind": RULE_KIND, "preview": False, **rule}
