"""WAF policies that do not log."""

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
    unknown,
    waf_subject,
)
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="waf_without_logging",
    title="WAF does not log",
    severity=Severity.MEDIUM,
    why="Nobody can see what the WAF stopped or let through, nor preview a block on past traffic.",
    references=("AWS FSBP WAF.11", "CKV2_AWS_31"),
    vendors=("aws", "azure", "cloudflare", "gcp"),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every policy."""
    return judge_each(
        CHECK,
        snapshot,
        ("waf", "waf_logging"),
        snapshot.waf_policies,
        waf_subject,
        lambda policy: _judge(snapshot, policy),
    )


def _judge(snapshot: ConfigSnapshot, policy: WafPolicy) -> Judgement:
    if policy.logging is None:
        return unknown("Whether the policy logs could not be read.")
    if policy.logging:
        return passed("The policy logs.")
    if snapshot.vendor == "gcp":
        return fail(
            "Not every backend service of the policy logs its requests, so what the policy decides there leaves no trace.",
            [excerpt("Policy as declared", policy.ref, policy.evidence)],
            [
                fixes.gcloud(
                    "backend-services update BACKEND_SERVICE --global --enable-logging --logging-sample-rate=1.0"
                )
            ],
        )
    if snapshot.vendor == "cloudflare":
        return fail(
            "No enabled Logpush job sends this zone's firewall events.",
            [excerpt("Zone as declared", policy.ref, policy.evidence)],
            [cloudflare_fixes.logpush(policy.name, "firewall_events")],
        )
    return fail(
        "The policy has no logging configuration.",
        [excerpt("Policy as declared", policy.ref, policy.evidence)],
        [
            fixes.terraform(
                "aws_wafv2_web_acl_logging_configuration",
                policy.name,
                {
                    "resource_arn": policy.ref,
                    "log_destination_configs": [
                        f"arn:aws:logs:REGION:ACCOUNT:log-group:aws-waf-logs-{policy.name}"
                    ],
                    "redacted_fields": {"single_header": {"name": "authorization"}},
                },
            )
        ],
    )
