"""Checks of attributes of AWS's load balancers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.base.model import ConfigSnapshot, Stage
from controlplane.findings.types import CheckCard, CheckResult
from controlplane.posture import fixes
from controlplane.posture.aws_fixes import BALANCER
from controlplane.posture.judging import Judgement, judge_each, stage_subject, unknown

JudgeAttributes = Callable[[Stage, Mapping[str, str]], Judgement | None]


def judge_balancers(card: CheckCard, snapshot: ConfigSnapshot, judge: JudgeAttributes) -> list[CheckResult]:
    """Judge every load balancer by its attributes; one whose attributes were not read is unknown."""

    def judged(stage: Stage) -> Judgement | None:
        service = fixes.service_of(snapshot, stage.service_ref)
        if service is None or service.kind != BALANCER:
            return None
        attributes = stage.evidence.get("attributes")
        if not isinstance(attributes, Mapping):
            return unknown("The attributes of this load balancer could not be read.")
        return judge(stage, attributes)

    return judge_each(card, snapshot, ("load_balancers",), snapshot.stages, stage_subject, judged)
