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
    if not aws_fixes.fronts_known(stage) and service is not None and service.default_host:
        return unknown(aws_fixes.FRONTS_NOT_KNOWN)
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
    """A stage without a web ACL of its own, behind a distribution that has one. It is never a pass: its domain is public."""
    said = f"CloudFront distribution {fronts[0]['name']} with a web ACL stands in front"
    if service.default_host_enabled is None:
        return unknown("Whether the default address is switched off could not be read.")
    past = _past(stage, service, fronts)
    if past:
        return fail(
            f"{said}, but {past}.",
            [excerpt("Stage as declared", stage.ref, stage.evidence)],
            [aws_fixes.close_default_endpoint(service, fronts)]
            if service.default_host_enabled
            else [
                fixes.console(
                    "Let every address of the API, and all of it, be called by distributions with a web ACL only."
                )
            ],
        )
    origins = ", ".join(sorted({str(front["origin"]) for front in fronts}))
    return unknown(
        f"{said}. {origins} can be called past CloudFront unless the API asks "
        "for a header or certificate that only CloudFront sends; whether it does is not read."
    )


def _past(stage: Stage, service: Service, fronts: list[Mapping[str, Any]]) -> str:
    """What leads past the web ACL, as the end of a sentence; "" when nothing is seen to."""
    if service.default_host_enabled:
        return f"{service.default_host} leads past it"
    bare = [front["name"] for front in aws_fixes.fronts_of(stage) if not front["webAcl"]]
    if bare:
        return f"the distribution {bare[0]} without a web ACL leads past it"
    called = {(front["origin"], front["basePath"]) for front in fronts}
    places = [
        (str(place["host"]).lower(), place["basePath"]) for place in stage.evidence.get("addresses") or ()
    ]
    others = [host for host, base in places if (host, base) not in called]
    if others:
        return f"{others[0]} leads past it"
    return "" if all(front["whole"] for front in fronts) else "it forwards only a part of the stage"


def _without_policy(stage: Stage) -> Judgement:
    if stage.waf_ref is None:
        return unknown("Whether a Cloud Armor policy is attached could not be read.")
    return fail(
        "No Cloud Armor policy is attached to this backend service.",
        [excerpt("Stage as declared", stage.ref, stage.evidence)],
        [fixes.gcloud(f"backend-services update {stage.name} --global --security-policy=POLICY")],
    )
