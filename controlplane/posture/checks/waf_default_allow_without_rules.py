"""WAF policies that allow everything because they hold no rule."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, WafPolicy
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import cloudflare_fixes, fixes
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
    id="waf_default_allow_without_rules",
    title="WAF allows everything",
    severity=Severity.HIGH,
    why="The policy is attached and looks like protection, but no rule in it looks at any request.",
    references=("AWS FSBP WAF.10",),
    vendors=("aws", "azure", "cloudflare", "gcp"),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every policy; rules we pushed do not count as the customer's protection."""
    return judge_each(
        CHECK, snapshot, ("waf",), snapshot.waf_policies, waf_subject, lambda policy: _judge(snapshot, policy)
    )


def _judge(snapshot: ConfigSnapshot, policy: WafPolicy) -> Judgement:
    theirs = [rule for rule in policy.rules if not rule.ours]
    if policy.default_action != "allow":
        return passed("What no rule matches is not allowed.")
    if theirs:
        return passed(f"{len(theirs)} rules look at requests.")
    if snapshot.vendor == "cloudflare":
        return fail(
            "No rule of your own looks at this zone's requests.",
            [excerpt("Zone as declared", policy.ref, policy.evidence)],
            [cloudflare_fixes.managed_rules(policy.name)],
        )
    return fail(
        "The default action is Allow and there is no rule of your own.",
        [excerpt("Policy as declared", policy.ref, policy.evidence)],
        [
            fixes.gcloud(
                f"security-policies rules create 1000 --security-policy={policy.name} --action=deny-403 --preview "
                "--expression=\"evaluatePreconfiguredWaf('sqli-v422-stable', {'sensitivity': 1})\""
            )
            if snapshot.vendor == "gcp"
            else fixes.terraform(
                "aws_wafv2_web_acl",
                policy.name,
                {
                    "name": policy.name,
                    "scope": policy.scope or "REGIONAL",
                    "default_action": {"allow": {}},
                    "rule": {
                        "name": "common",
                        "priority": 10,
                        "override_action": {"none": {}},
                        "statement": {
                            "managed_rule_group_statement": {
                                "vendor_name": "AWS",
                                "name": "AWSManagedRulesCommonRuleSet",
                            }
                        },
                        "visibility_config": {
                            "cloudwatch_metrics_enabled": True,
                            "metric_name": "common",
                            "sampled_requests_enabled": True,
                        },
                    },
                },
            )
        ],
    )
