"""What a web ACL does with a request."""

from base64 import b64encode
from typing import Any

import pytest

from connectors.testkit.doubles.aws.waf_evaluation import Verdict, WebAcl, evaluate
from connectors.testkit.doubles.aws.waf_statements import AddressSet, Context
from connectors.testkit.doubles.aws.web_request import WebRequest

NONE = [{"Priority": 0, "Type": "NONE"}]


def request(uri: str = "/orders", **changes: Any) -> WebRequest:
    given: dict[str, Any] = {"method": "GET", "query": "", "headers": (("User-Agent", "test"),), "body": b""}
    given |= {"client_ip": "203.0.113.7", "time_ms": 1_000_000, "request_id": "r", "country": "NL", **changes}
    return WebRequest(uri=uri, **given)


def rule(
    name: str, statement: dict[str, Any], action: str = "Block", priority: int = 0, **more: Any
) -> dict[str, Any]:
    visible = {"MetricName": name}
    settings = {"Name": name, "Priority": priority, "VisibilityConfig": visible, "Statement": statement}
    return settings | ({"Action": {action: {}}} if action else {}) | more


def contains(text: str, field: dict[str, Any] | None = None, *steps: str) -> dict[str, Any]:
    changes = [{"Priority": n, "Type": kind} for n, kind in enumerate(steps)] or NONE
    where = {"FieldToMatch": field or {"UriPath": {}}, "TextTransformations": changes}
    encoded = b64encode(text.encode()).decode()
    return {"ByteMatchStatement": {"SearchString": encoded, "PositionalConstraint": "CONTAINS", **where}}


def addresses(*cidrs: str) -> dict[str, Any]:
    return {"IPSetReferenceStatement": {"ARN": ",".join(cidrs)}}


def context() -> Context:
    """In these tests an IP set's ARN is its content."""
    return Context(lambda arn: AddressSet(arn.split(",")), lambda arn: arn.split(","))


def judged(
    rules: list[dict[str, Any]],
    asked: WebRequest,
    *,
    default: str = "Allow",
    groups: dict[str, list[dict[str, Any]]] | None = None,
    within: Context | None = None,
) -> Verdict:
    acl = WebAcl("arn:acl", rules, {default: {}}, lambda arn: (groups or {})[arn])
    return evaluate(acl, asked, within or context())


@pytest.mark.parametrize(
    ("client", "action"),
    [("203.0.113.7", "BLOCK"), ("203.0.114.7", "ALLOW"), ("2001:db8::5", "BLOCK"), ("2001:db9::5", "ALLOW")],
)
def test_an_ip_set_matches_the_addresses_of_its_networks(client: str, action: str) -> None:
    blocked = rule("ips", addresses("203.0.113.0/24", "2001:db8::/32"))
    assert judged([blocked], request(client_ip=client)).action == action


def test_the_lowest_priority_number_decides() -> None:
    rules = [rule("block", contains("/orders"), "Block", 5), rule("allow", contains("/orders"), "Allow", 1)]
    assert judged(rules, request()).rule_id == "allow"


def test_counting_does_not_end_the_evaluation() -> None:
    rules = [rule("watch", contains("/orders"), "Count", 0), rule("block", contains("/orders"), "Block", 1)]
    verdict = judged(rules, request())
    assert verdict.action == "BLOCK"
    assert [hit["ruleId"] for hit in verdict.non_terminating] == ["watch"]


def test_without_a_match_the_default_action_applies() -> None:
    verdict = judged([rule("other", contains("/nothing"))], request(), default="Block")
    assert (verdict.action, verdict.rule_id, verdict.response_code) == ("BLOCK", "Default_Action", 403)


def test_a_blocking_group_names_its_rule_in_the_group_list() -> None:
    reference = rule("ref", {"RuleGroupReferenceStatement": {"ARN": "g"}}, "", OverrideAction={"None": {}})
    verdict = judged([reference], request(), groups={"g": [rule("inner", contains("/orders"))]})
    assert (verdict.action, verdict.rule_type, verdict.rule_id) == ("BLOCK", "GROUP", "ref")
    assert verdict.groups[0]["terminatingRule"]["ruleId"] == "inner"


def test_a_group_overridden_to_count_blocks_nothing_and_is_logged() -> None:
    reference = rule("ref", {"RuleGroupReferenceStatement": {"ARN": "g"}}, "", OverrideAction={"Count": {}})
    verdict = judged([reference], request(), groups={"g": [rule("inner", contains("/orders"))]})
    assert verdict.action == "ALLOW"
    assert verdict.non_terminating == [{"ruleId": "ref", "action": "COUNT", "ruleMatchDetails": []}]
    assert verdict.groups[0]["terminatingRule"]["ruleId"] == "inner"


def test_one_rule_of_a_group_can_be_overridden_to_count() -> None:
    body = {"ARN": "g", "RuleActionOverrides": [{"Name": "inner", "ActionToUse": {"Count": {}}}]}
    reference = rule("ref", {"RuleGroupReferenceStatement": body}, "", OverrideAction={"None": {}})
    verdict = judged([reference], request(), groups={"g": [rule("inner", contains("/orders"))]})
    assert verdict.action == "ALLOW"
    assert verdict.groups[0]["nonTerminatingMatchingRules"][0]["overriddenAction"] == "BLOCK"


def test_transformations_run_in_priority_order() -> None:
    encoded = rule("sql", contains("union select", {"QueryString": {}}, "URL_DECODE", "LOWERCASE"))
    assert judged([encoded], request(query="q=%55NION%20SELECT")).action == "BLOCK"
    assert (
        judged(
            [rule("sql", contains("union select", {"QueryString": {}}))], request(query="q=UNION%20SELECT")
        ).action
        == "ALLOW"
    )


def test_and_or_not_combine() -> None:
    exactly = {"SearchString": b64encode(b"DELETE").decode(), "PositionalConstraint": "EXACTLY"}
    delete = {"ByteMatchStatement": {**exactly, "FieldToMatch": {"Method": {}}, "TextTransformations": NONE}}
    pattern = {
        "RegexString": "^/orders/[0-9]+$",
        "FieldToMatch": {"UriPath": {}},
        "TextTransformations": NONE,
    }
    path = {"RegexMatchStatement": pattern}
    both = {
        "AndStatement": {
            "Statements": [delete, path, {"NotStatement": {"Statement": addresses("192.0.2.0/24")}}]
        }
    }
    assert judged([rule("r", both)], request("/orders/5", method="DELETE")).action == "BLOCK"
    assert judged([rule("r", both)], request("/orders/5")).action == "ALLOW"
    assert (
        judged([rule("r", both)], request("/orders/5", method="DELETE", client_ip="192.0.2.1")).action
        == "ALLOW"
    )


def test_a_rate_rule_blocks_only_above_its_limit_and_forgets() -> None:
    limited = rule(
        "rate", {"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "IP", "EvaluationWindowSec": 60}}
    )
    shared = context()
    actions = [judged([limited], request(time_ms=n * 100), within=shared).action for n in range(12)]
    assert actions == ["ALLOW"] * 10 + ["BLOCK"] * 2
    assert judged([limited], request(client_ip="198.18.0.1", time_ms=1300), within=shared).action == "ALLOW"
    assert judged([limited], request(time_ms=120_000), within=shared).action == "ALLOW"


def test_a_rate_rule_counts_only_its_scope() -> None:
    scoped = {"Limit": 10, "AggregateKeyType": "IP", "ScopeDownStatement": contains("/login")}
    shared = context()
    actions = {
        judged([rule("r", {"RateBasedStatement": scoped})], request(), within=shared).action
        for _ in range(30)
    }
    assert actions == {"ALLOW"}


def test_custom_keys_separate_clients_behind_one_address() -> None:
    keys = [{"IP": {}}, {"Header": {"Name": "x-api-key", "TextTransformations": NONE}}]
    limited = rule(
        "r", {"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "CUSTOM_KEYS", "CustomKeys": keys}}
    )
    shared = context()
    for _ in range(11):
        noisy = judged([limited], request(headers=(("x-api-key", "a"),)), within=shared)
    quiet = judged([limited], request(headers=(("x-api-key", "b"),)), within=shared)
    assert (noisy.action, quiet.action) == ("BLOCK", "ALLOW")


@pytest.mark.parametrize(("fallback", "action"), [("MATCH", "BLOCK"), ("NO_MATCH", "ALLOW")])
def test_a_forwarded_address_falls_back_when_the_header_is_absent(fallback: str, action: str) -> None:
    statement = addresses("203.0.113.0/24")
    config = {"HeaderName": "X-Forwarded-For", "FallbackBehavior": fallback, "Position": "FIRST"}
    statement["IPSetReferenceStatement"]["IPSetForwardedIPConfig"] = config
    assert judged([rule("r", statement)], request()).action == action


def test_labels_of_earlier_rules_are_seen_by_later_ones() -> None:
    first = rule("mark", contains("/orders"), "Count", 0, RuleLabels=[{"Name": "acme:orders"}])
    second = rule("block", {"LabelMatchStatement": {"Scope": "LABEL", "Key": "acme:orders"}}, "Block", 1)
    assert judged([first, second], request()).rule_id == "block"


def test_body_bytes_past_the_inspected_part_are_not_seen() -> None:
    late = b"x" * 20_000 + b"attack"
    blind = rule("r", contains("attack", {"Body": {"OversizeHandling": "CONTINUE"}}))
    strict = rule("r", contains("attack", {"Body": {"OversizeHandling": "MATCH"}}))
    assert judged([blind], request(method="POST", body=late)).action == "ALLOW"
    assert judged([strict], request(method="POST", body=late)).action == "BLOCK"


def test_a_managed_group_in_count_mode_shows_its_match_in_the_log() -> None:
    managed = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}}
    watching = rule("AWS-SQLi", managed, "", OverrideAction={"Count": {}})
    verdict = judged([watching], request(query="id=1%27%20OR%201%3D1--"))
    assert verdict.action == "ALLOW"
    assert verdict.groups[0]["ruleGroupId"] == "AWS#AWSManagedRulesSQLiRuleSet"
    assert verdict.groups[0]["terminatingRule"]["ruleId"] == "SQLi_QUERYARGUMENTS"
