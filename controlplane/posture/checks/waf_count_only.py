"""WAF policies whose rules all count and none of which stops a request."""

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

#: Actions that stop or hold up a request. A rule group's own rules act when the group has no override.
STOPPING = {"block", "captcha", "challenge", "none"}

CHECK = CheckCard(
    id="waf_count_only",
    title="WAF only counts",
    severity=Severity.HIGH,
    why="Every rule is in count mode: attacks are recorded and let through.",
    references=("AWS WAF docs: testing and tuning", "AWS FSBP WAF.10"),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every policy that has rules."""
    return judge_each(
        CHECK, snapshot, ("waf",), snapshot.waf_policies, waf_subject, lambda policy: _judge(snapshot, policy)
    )


def _judge(snapshot: ConfigSnapshot, policy: WafPolicy) -> Judgement | None:
    if not policy.rules or policy.default_action == "block":
        return None
    if any(rule.action in STOPPING for rule in policy.rules):
        return passed("At least one rule stops requests.")
    counting = [rule for rule in policy.rules if rule.action == "count"]
    if not counting:
        return None
    if snapshot.vendor == "cloudflare":
        fix = cloudflare_fixes.managed_rules_act(policy.name)
    elif snapshot.vendor == "gcp":
        fix = fixes.gcloud(
            f"security-policies rules update {counting[0].priority} --security-policy={policy.name} --no-preview"
        )
    else:
        fix = fixes.console(
            f"In the web ACL {policy.name}, set the override of {counting[0].name} from Count back to None "
            "(use the rule's own action), first for the rules that counted no good traffic in the last week."
        )
    return fail(
        f"All {len(counting)} rules only count; nothing is ever blocked.",
        [excerpt(f"Rule {rule.name}", policy.ref, rule.evidence) for rule in counting[:5]],
        [fix],
    )
