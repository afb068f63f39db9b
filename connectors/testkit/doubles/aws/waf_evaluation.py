"""Evaluation of a web ACL on a request: priority order, terminating and counting actions, groups and
overrides.

Source: AWS WAF Developer Guide, "How AWS WAF handles rule and rule group actions", "Action overrides in
rule groups" and "Log fields for protection pack (web ACL) traffic" (where counted and terminating matches
are logged).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.testkit.doubles.aws.waf_managed import MANAGED_RULES
from connectors.testkit.doubles.aws.waf_statements import Context, matches
from connectors.testkit.doubles.aws.web_request import WebRequest

Rule = dict[str, Any]

TERMINATING = {"Allow": "ALLOW", "Block": "BLOCK", "Captcha": "CAPTCHA", "Challenge": "CHALLENGE"}
RESPONSE_CODES = {"BLOCK": 403, "CAPTCHA": 405, "CHALLENGE": 202}


@dataclass
class Verdict:
    """The outcome for one request, with all a WAF log record tells about it."""

    action: str
    rule_id: str = "Default_Action"
    rule_type: str = "REGULAR"
    response_code: int | None = None
    match_details: list[dict[str, Any]] = field(default_factory=list)
    non_terminating: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    rate_based: list[dict[str, Any]] = field(default_factory=list)
    matched_metrics: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class WebAcl:
    """A web ACL's evaluated parts; ``group_rules`` gives the rules of a referenced rule group by ARN."""

    arn: str
    rules: list[Rule]
    default_action: dict[str, Any]
    group_rules: Callable[[str], list[Rule]]


def _details(statement: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = {
        "SqliMatchStatement": "SQL_INJECTION",
        "XssMatchStatement": "XSS",
        "RegexMatchStatement": "REGEX",
    }
    ((kind, body),) = statement.items()
    if kind not in kinds:
        return []
    location = next(iter(body.get("FieldToMatch") or {"UriPath": {}}))
    names = {
        "AllQueryArguments": "ALL_QUERY_ARGS",
        "UriPath": "URI",
        "QueryString": "QUERY_STRING",
        "Body": "BODY",
    }
    detail = {"conditionType": kinds[kind], "location": names.get(location, "HEADER"), "matchedData": []}
    return [detail | {"sensitivityLevel": "LOW"}] if kind == "SqliMatchStatement" else [detail]


def _add_labels(rule: Rule, request: WebRequest, namespace: str) -> None:
    for label in rule.get("RuleLabels") or []:
        request.labels.add(f"{namespace}{label['Name']}")


def _action_of(rule: Rule, overrides: dict[str, dict[str, Any]]) -> tuple[str, str | None]:
    """The action to use and, when it was overridden, the rule's own one."""
    own = next(iter(rule.get("Action") or {"Block": {}}))
    if rule["Name"] in overrides:
        return next(iter(overrides[rule["Name"]])), TERMINATING.get(own, own.upper())
    return own, None


def _evaluate_group(rule: Rule, acl: WebAcl, request: WebRequest, context: Context, verdict: Verdict) -> bool:
    """Evaluate a referenced group; True when it terminated the evaluation."""
    ((kind, body),) = rule["Statement"].items()
    managed = kind == "ManagedRuleGroupStatement"
    if (
        managed
        and body.get("ScopeDownStatement")
        and not matches(body["ScopeDownStatement"], request, context)
    ):
        return False
    group_id = f"{body['VendorName']}#{body['Name']}" if managed else body["ARN"]
    rules = MANAGED_RULES.get(body["Name"], []) if managed else acl.group_rules(body["ARN"])
    overrides = {o["Name"]: o["ActionToUse"] for o in body.get("RuleActionOverrides") or []}
    overrides |= {o["Name"]: {"Count": {}} for o in body.get("ExcludedRules") or []}
    entry: dict[str, Any] = {
        "ruleGroupId": group_id,
        "terminatingRule": None,
        "nonTerminatingMatchingRules": [],
    }
    entry |= {"excludedRules": None, "customerConfig": None}
    verdict.groups.append(entry)
    for inner in sorted(rules, key=lambda item: int(item.get("Priority", 0))):
        context.scope = f"{group_id}:{inner['Name']}"
        if not matches(inner["Statement"], request, context):
            continue
        _add_labels(inner, request, f"awswaf:{group_id}:")
        action, overridden = _action_of(inner, overrides)
        details = _details(inner["Statement"])
        if action == "Count":
            counted = {"ruleId": inner["Name"], "action": "COUNT", "ruleMatchDetails": details}
            entry["nonTerminatingMatchingRules"].append(
                counted | ({"overriddenAction": overridden} if overridden else {})
            )
            continue
        entry["terminatingRule"] = {
            "ruleId": inner["Name"],
            "action": TERMINATING[action],
            "ruleMatchDetails": details,
        }
        if "Count" in (rule.get("OverrideAction") or {}):
            verdict.non_terminating.append(
                {"ruleId": rule["Name"], "action": "COUNT", "ruleMatchDetails": []}
            )
            return False
        verdict.match_details = details
        _terminate(
            verdict, rule, inner.get("Action") or {}, action, "MANAGED_RULE_GROUP" if managed else "GROUP"
        )
        return True
    return False


def _terminate(
    verdict: Verdict, rule: Rule, action_body: dict[str, Any], action: str, rule_type: str
) -> None:
    verdict.action = TERMINATING[action]
    verdict.rule_id, verdict.rule_type = rule["Name"], rule_type
    custom = (action_body.get(action) or {}).get("CustomResponse") or {}
    verdict.response_code = custom.get("ResponseCode") or RESPONSE_CODES.get(verdict.action)


def evaluate(acl: WebAcl, request: WebRequest, context: Context) -> Verdict:
    """What ``acl`` does with ``request``. ``context`` carries rate counters from request to request."""
    verdict = Verdict(TERMINATING[next(iter(acl.default_action))])
    for rule in sorted(acl.rules, key=lambda item: int(item["Priority"])):
        ((kind, body),) = rule["Statement"].items()
        if kind in ("RuleGroupReferenceStatement", "ManagedRuleGroupStatement"):
            if _evaluate_group(rule, acl, request, context, verdict):
                verdict.matched_metrics.append(rule["VisibilityConfig"]["MetricName"])
                return verdict
            continue
        context.scope = f"{acl.arn}:{rule['Name']}"
        if not matches(rule["Statement"], request, context):
            continue
        verdict.matched_metrics.append(rule["VisibilityConfig"]["MetricName"])
        _add_labels(rule, request, "awswaf:")
        if kind == "RateBasedStatement":
            listed = {"rateBasedRuleId": context.scope, "rateBasedRuleName": rule["Name"]}
            limits = {"limitKey": body.get("AggregateKeyType", "IP"), "maxRateAllowed": body["Limit"]}
            verdict.rate_based.append(
                listed | limits | {"evaluationWindowSec": body.get("EvaluationWindowSec", 300)}
            )
        action = next(iter(rule["Action"]))
        details = _details(rule["Statement"])
        if action == "Count":
            verdict.non_terminating.append(
                {"ruleId": rule["Name"], "action": "COUNT", "ruleMatchDetails": details}
            )
            continue
        verdict.match_details = details
        _terminate(
            verdict, rule, rule["Action"], action, "RATE_BASED" if kind == "RateBasedStatement" else "REGULAR"
        )
        return verdict
    verdict.matched_metrics.append("Default_Action")
    if verdict.action == "BLOCK":
        verdict.response_code = 403
    return verdict
