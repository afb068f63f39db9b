"""Stages whose traffic passes no WAF."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Exposure, Stage
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    stage_subject,
    unknown,
)
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="stage_without_waf",
    title="Stage without a WAF",
    severity=Severity.MEDIUM,
    why="Attack payloads and floods reach the application unfiltered, and there is no place to push a block to.",
    references=("AWS FSBP APIGateway.4", "CKV2_AWS_29", "cloudsploit clbSecurityPolicyEnabled"),
    vendors=("aws", "gcp"),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every stage of a service that is not private."""
    return judge_each(
        CHECK,
        snapshot,
        ("stages", "waf"),
        snapshot.stages,
        stage_subject,
        lambda stage: _judge(snapshot, stage),
    )


def _judge(snapshot: ConfigSnapshot, stage: Stage) -> Judgement | None:
    service = fixes.service_of(snapshot, stage.service_ref)
    if service is not None and service.exposure is Exposure.PRIVATE:
        return None
    if stage.waf_ref:
        return passed(f"The web ACL {stage.waf_ref} is attached.")
    if snapshot.vendor == "gcp":
        return _without_policy(stage)
    if service is not None and service.kind != "rest_api":
        return fail(
            "A web ACL cannot be attached to HTTP and WebSocket APIs, so this stage has none.",
            [excerpt("Stage as declared", stage.ref, stage.evidence)],
            [
                fixes.console(
                    "Put CloudFront with a web ACL in front of this API and set disable_execute_api_endpoint = true, "
                    "or move the API to a REST API, whose stages take a web ACL."
                )
            ],
        )
    if stage.waf_ref is None:
        return unknown("Whether a web ACL is attached could not be read.")
    return fail(
        "No web ACL is attached to this stage.",
        [excerpt("Stage as declared", stage.ref, stage.evidence)],
        [
            fixes.terraform(
                "aws_wafv2_web_acl_association",
                f"{stage.service_ref}_{stage.name}",
                {
                    "resource_arn": f"arn:aws:apigateway:REGION::/restapis/{stage.service_ref}/stages/{stage.name}",
                    "web_acl_arn": "$aws_wafv2_web_acl.api.arn",
                },
            )
        ],
    )


def _without_policy(stage: Stage) -> Judgement:
    if stage.waf_ref is None:
        return unknown("Whether a Cloud Armor policy is attached could not be read.")
    return fail(
        "No Cloud Armor policy is attached to this backend service.",
        [excerpt("Stage as declared", stage.ref, stage.evidence)],
        [fixes.gcloud(f"backend-services update {stage.name} --global --security-policy=POLICY")],
    )
