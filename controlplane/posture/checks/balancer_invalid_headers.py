"""Load balancers that pass on headers whose names no header may have."""

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
    id="balancer_invalid_headers",
    title="Invalid headers are passed on",
    severity=Severity.LOW,
    why="Servers read malformed header names in different ways; that is how requests are smuggled past checks.",
    references=("AWS FSBP ELB.4", "CKV_AWS_131", "AWS docs: drop_invalid_header_fields"),
    vendors=("aws",),
)

_ATTRIBUTE: Final = "routing.http.drop_invalid_header_fields.enabled"


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every load balancer."""
    return judge_balancers(CHECK, snapshot, _judge)


def _judge(stage: Stage, attributes: Mapping[str, str]) -> Judgement:
    if attributes.get(_ATTRIBUTE) == "true":
        return passed("Headers with invalid names are dropped.")
    return fail(
        "Headers with invalid names are passed on to the targets.",
        [excerpt("Attribute of the load balancer", stage.ref, {_ATTRIBUTE: attributes.get(_ATTRIBUTE, "")})],
        [aws_fixes.balancer(stage.name, {"drop_invalid_header_fields": True})],
    )
