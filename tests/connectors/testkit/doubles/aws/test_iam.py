"""IAM policy evaluation."""

from typing import Any

from connectors.testkit.doubles.aws.iam import Decision, Query, evaluate


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def decide(document: dict[str, Any], action: str, resource: str = "arn:x", **context: str) -> Decision:
    return evaluate(
        [document], Query(action, (resource,), {k.replace("_", ":"): v for k, v in context.items()})
    )


def test_nothing_is_allowed_unless_a_statement_says_so() -> None:
    assert decide(policy(), "wafv2:GetIPSet") is Decision.IMPLICIT_DENY


def test_action_wildcards_match_without_case() -> None:
    assert decide(policy(allow("wafv2:get*")), "wafv2:GetIPSet") is Decision.ALLOWED
    assert decide(policy(allow("wafv2:get*")), "wafv2:UpdateIPSet") is Decision.IMPLICIT_DENY


def test_an_explicit_deny_beats_any_allow() -> None:
    document = policy(allow("*"), deny("wafv2:Delete*"))
    assert decide(document, "wafv2:DeleteIPSet") is Decision.EXPLICIT_DENY


def test_a_resource_pattern_limits_the_allow() -> None:
    document = policy(allow("s3:GetObject", ["arn:aws:s3:::aws-waf-logs-*/*"]))
    assert decide(document, "s3:GetObject", "arn:aws:s3:::aws-waf-logs-acme/a") is Decision.ALLOWED
    assert decide(document, "s3:GetObject", "arn:aws:s3:::payroll/a") is Decision.IMPLICIT_DENY


def test_not_action_allows_everything_else() -> None:
    document = policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})
    assert decide(document, "wafv2:GetIPSet") is Decision.ALLOWED
    assert decide(document, "iam:CreateUser") is Decision.IMPLICIT_DENY


def test_a_condition_on_an_absent_key_does_not_hold() -> None:
    document = policy(allow("sts:AssumeRole", Condition={"StringEquals": {"sts:ExternalId": "e"}}))
    assert decide(document, "sts:AssumeRole") is Decision.IMPLICIT_DENY
    assert decide(document, "sts:AssumeRole", sts_ExternalId="e") is Decision.ALLOWED


def test_a_condition_nobody_can_evaluate_fails_closed() -> None:
    unknown = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    assert decide(policy(allow("*", Condition=unknown)), "s3:GetObject") is Decision.IMPLICIT_DENY
    assert decide(policy(allow("*"), deny("*", Condition=unknown)), "s3:GetObject") is Decision.EXPLICIT_DENY


def test_a_trust_policy_names_its_principal() -> None:
    trust = policy(
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:user/a"}, "Action": "sts:AssumeRole"}
    )
    ours = Query("sts:AssumeRole", ("r",), {}, ("arn:aws:iam::1:user/a",))
    other = Query("sts:AssumeRole", ("r",), {}, ("arn:aws:iam::1:user/b",))
    assert evaluate([trust], ours) is Decision.ALLOWED
    assert evaluate([trust], other) is Decision.IMPLICIT_DENY
