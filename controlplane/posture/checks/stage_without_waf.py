"""Stages whose traffic passes no WAF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.model import ConfigSnapshot, Exposure, Service, Stage
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import aws_fixes, fixes
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
    references=(
        "AWS FSBP APIGateway.4",
        "CKV2_AWS_29",
        "CKV_AWS_68",
        "CKV2_AWS_28",
        "cloudsploit clbSecurityPolicyEnabled",
    ),
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
    fronts = [front for front in aws_fixes.fronts_of(stage) if front["webAcl"]]
    if fronts and service is not None and service.default_host:
        return _behind(stage, service, fronts)
    if snapshot.vendor == "gcp":
        return _without_policy(stage)
    if service is not None and service.kind in ("http_api", "websocket_api"):
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
    edge = aws_fixes.edge_of(snapshot, stage)
    if edge:
        return fail(
            "No web ACL is attached to it.",
            [excerpt("As declared", stage.ref, stage.evidence)],
            [aws_fixes.web_acl(stage, edge)],
        )
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


def _behind(stage: Stage, service: Service, fronts: list[Mapping[str, Any]]) -> Judgement:
    """A stage without a web ACL of its own, behind a distribution that has one."""
    name = fronts[0]["name"]
    if service.default_host_enabled is None:
        return unknown("Whether the default address is switched off could not be read.")
    if not service.default_host_enabled:
        return passed(f"CloudFront distribution {name} with a web ACL stands in front.")
    return fail(
        f"CloudFront distribution {name} with a web ACL stands in front, but {service.default_host} leads past it.",
        [excerpt("Stage as declared", stage.ref, stage.evidence)],
        [aws_fixes.close_default_endpoint(service, fronts)],
    )


def _without_policy(stage: Stage) -> Judgement:
    if stage.waf_ref is None:
        return unknown("Whether a Cloud Armor policy is attached could not be read.")
    return fail(
        "No Cloud Armor policy is attached to this backend service.",
        [excerpt("Stage as declared", stage.ref, stage.evidence)],
        [fixes.gcloud(f"backend-services update {stage.name} --global --security-policy=POLICY")],
    )
