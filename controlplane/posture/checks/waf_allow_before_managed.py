"""A terminating Allow rule that stands before the managed rules."""

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
    id="waf_allow_before_managed",
    title="Allow rule ahead of the managed rules",
    severity=Severity.MEDIUM,
    why="A request that matches the Allow rule is let through at once and never seen by the rules behind it.",
    references=("AWS WAF docs: rule priority, terminating actions",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every policy with managed rules."""
    return judge_each(
        CHECK, snapshot, ("waf",), snapshot.waf_policies, waf_subject, lambda policy: _judge(snapshot, policy)
    )


def _judge(snapshot: ConfigSnapshot, policy: WafPolicy) -> Judgement | None:
    managed = [rule.priority for rule in policy.rules if rule.kind in {"managed", "group"}]
    if not managed:
        return None
    ahead = [rule for rule in policy.rules if rule.action == "allow" and rule.priority < max(managed)]
    if not ahead:
        return passed("No Allow rule stands before the managed rules.")
    if snapshot.vendor == "cloudflare":
        fix = cloudflare_fixes.skip_behind(policy.name, ahead[0].name)
    else:
        fix = fixes.console(
            f"In {policy.name}, move {ahead[0].name} behind priority {max(managed)}, or replace Allow by a label "
            "and exclude that label in the rules that break good traffic."
        )
    return fail(
        f"The Allow rule {ahead[0].name} (priority {ahead[0].priority}) ends the evaluation before managed rules run.",
        [excerpt(f"Rule {rule.name}", policy.ref, rule.evidence) for rule in ahead],
        [fix],
    )
