"""Web ACL capacity units (WCU) of rules.

Source: AWS WAF Developer Guide, "AWS WAF web ACL capacity units (WCUs)" and the WCU line of each rule
statement's page. Not modelled: the vendor's discount when statements share a text transformation; our
figure is the upper one.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Statement = dict[str, Any]

BYTE_MATCH = {"EXACTLY": 2, "STARTS_WITH": 2, "ENDS_WITH": 2, "CONTAINS": 10, "CONTAINS_WORD": 10}
FLAT = {
    "IPSetReferenceStatement": 1,
    "GeoMatchStatement": 1,
    "AsnMatchStatement": 1,
    "LabelMatchStatement": 1,
    "SizeConstraintStatement": 1,
    "RegexMatchStatement": 3,
    "RegexPatternSetReferenceStatement": 25,
    "XssMatchStatement": 40,
}
MANAGED_GROUPS = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
}

GroupCapacity = Callable[[str], int]


def nested(statement: Statement) -> Iterator[Statement]:
    """The statements directly inside a logical, rate-based or managed-group statement."""
    for kind, body in statement.items():
        if kind in ("AndStatement", "OrStatement"):
            yield from body.get("Statements", [])
        elif kind == "NotStatement":
            yield body["Statement"]
        elif isinstance(body, dict) and body.get("ScopeDownStatement"):
            yield body["ScopeDownStatement"]


def walk(statement: Statement) -> Iterator[Statement]:
    """``statement`` and everything nested in it."""
    yield statement
    for inner in nested(statement):
        yield from walk(inner)


def _component(body: Statement, base: int) -> int:
    field = body.get("FieldToMatch") or {}
    if "JsonBody" in field:
        base *= 2
    if "AllQueryArguments" in field:
        base += 10
    return base + 10 * sum(1 for t in body.get("TextTransformations") or [] if t.get("Type") != "NONE")


def _own_capacity(kind: str, body: Statement, group_capacity: GroupCapacity) -> int:
    if kind == "ByteMatchStatement":
        return _component(body, BYTE_MATCH.get(body.get("PositionalConstraint", ""), 10))
    if kind == "SqliMatchStatement":
        return _component(body, 30 if body.get("SensitivityLevel") == "HIGH" else 20)
    if kind == "RateBasedStatement":
        return 2 + 30 * len(body.get("CustomKeys") or [])
    if kind == "RuleGroupReferenceStatement":
        return group_capacity(str(body.get("ARN")))
    if kind == "ManagedRuleGroupStatement":
        return MANAGED_GROUPS.get(str(body.get("Name")), 100)
    return _component(body, FLAT[kind]) if kind in FLAT else 0


def statement_capacity(statement: Statement, group_capacity: GroupCapacity) -> int:
    """WCU of one statement with all it contains."""
    own = sum(_own_capacity(kind, body, group_capacity) for kind, body in statement.items())
    return own + sum(statement_capacity(inner, group_capacity) for inner in nested(statement))


def rules_capacity(rules: Iterable[dict[str, Any]], group_capacity: GroupCapacity) -> int:
    """WCU of a list of rules; ``group_capacity`` maps a rule group's ARN to the capacity it was created
    with.
    """
    return sum(statement_capacity(rule.get("Statement") or {}, group_capacity) for rule in rules)
