"""WAF policies without a rate-based rule."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, WafPolicy
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    waf_subject,
)
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="waf_without_rate_rule",
    title="WAF has no rate rule",
    severity=Severity.LOW,
    why="One address can try credentials or scrape as fast as it likes.",
    references=("AWS WAF docs: rate-based rule statement", "OWASP API4:2023"),
    vendors=("aws",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every policy."""
    return judge_each(CHECK, snapshot, ("waf",), snapshot.waf_policies, waf_subject, _judge)


def _judge(policy: WafPolicy) -> Judgement:
    if any(rule.kind == "rate" for rule in policy.rules):
        return passed("A rate-based rule limits each address.")
    priority = max((rule.priority for rule in policy.rules), default=0) + 1
    return fail(
        "No rate-based rule limits how often one address may call.",
        [excerpt("Policy as declared", policy.ref, policy.evidence)],
        [
            fixes.terraform(
                "aws_wafv2_web_acl",
                policy.name,
                {
                    "rule": {
                        "name": "rate-per-address",
                        "priority": priority,
                        "action": {"block": {}},
                        "statement": {
                            "rate_based_statement": {
                                "limit": 2000,
                                "aggregate_key_type": "IP",
                            }
                        },
                    }
                },
            )
        ],
    )
