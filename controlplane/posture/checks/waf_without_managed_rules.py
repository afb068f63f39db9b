"""Zones on which no managed ruleset acts."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, WafPolicy
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import cloudflare_fixes
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
    id="waf_without_managed_rules",
    title="No managed rules",
    severity=Severity.MEDIUM,
    why="Known attacks are not looked for: own rules only know what somebody thought of.",
    references=("OWASP API8:2023", "Cloudflare docs: WAF Managed Rules"),
    vendors=("cloudflare",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every zone's rules."""
    return judge_each(CHECK, snapshot, ("waf",), snapshot.waf_policies, waf_subject, _judge)


def _judge(policy: WafPolicy) -> Judgement:
    managed = [rule for rule in policy.rules if rule.kind == "managed"]
    if managed:
        return passed(f"{len(managed)} managed rulesets are deployed.")
    return fail(
        "No managed ruleset is deployed on this zone, or all of them are switched off.",
        [excerpt("Zone as declared", policy.ref, policy.evidence)],
        [cloudflare_fixes.managed_rules(policy.name)],
    )
