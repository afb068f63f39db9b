"""Load balancers that let requests through unchecked while their WAF does not answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.base.model import ConfigSnapshot, Stage
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import aws_fixes
from controlplane.posture.balancers import judge_balancers
from controlplane.posture.judging import Judgement, excerpt, fail, passed
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="waf_fail_open",
    title="WAF fails open",
    severity=Severity.LOW,
    why="Whoever can slow the WAF down, or waits for it to be slow, gets past its rules and past our blocks.",
    references=("AWS docs: waf.fail_open.enabled",),
    vendors=("aws",),
)

_ATTRIBUTE: Final = "waf.fail_open.enabled"


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every load balancer with a web ACL."""
    return judge_balancers(CHECK, snapshot, _judge)


def _judge(stage: Stage, attributes: Mapping[str, str]) -> Judgement | None:
    if not stage.waf_ref:
        return None
    if attributes.get(_ATTRIBUTE) != "true":
        return passed("Requests are refused while the WAF does not answer.")
    return fail(
        "While the WAF does not answer, requests are let through unchecked.",
        [excerpt("Attribute of the load balancer", stage.ref, {_ATTRIBUTE: "true"})],
        [aws_fixes.balancer(stage.name, {"enable_waf_fail_open": False})],
    )
