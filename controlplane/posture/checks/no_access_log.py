"""Stages and gateways that keep no access log."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Stage
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import aws_fixes, cloudflare_fixes, fixes
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
    id="no_access_log",
    title="No access log",
    severity=Severity.MEDIUM,
    why="An attack on this stage leaves no trace, and nothing can be learnt or detected from its traffic.",
    references=(
        "AWS FSBP APIGateway.9",
        "CKV_AWS_76",
        "CKV_AWS_86",
        "CKV_AWS_91",
        "Kong docs: logging plugins",
    ),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every stage."""
    return judge_each(
        CHECK,
        snapshot,
        ("stages",),
        snapshot.stages,
        stage_subject,
        lambda stage: _judge(snapshot, stage),
    )


def _judge(snapshot: ConfigSnapshot, stage: Stage) -> Judgement:
    if stage.access_log is None:
        return unknown("Whether this stage keeps an access log could not be read.")
    if stage.access_log:
        return passed(f"Calls are logged to {stage.access_log}.")
    edge = aws_fixes.edge_of(snapshot, stage)
    if edge:
        fix = aws_fixes.access_log(stage, edge)
    elif snapshot.vendor == "kong":
        body = {"name": "file-log", "config": {"path": "/dev/stdout"}}
        fix = fixes.deck("plugins", "file-log", {"config": body["config"]})
    elif snapshot.vendor == "gcp":
        fix = fixes.gcloud(
            f"backend-services update {stage.name} --global --enable-logging --logging-sample-rate=1.0"
        )
    elif snapshot.vendor == "cloudflare":
        fix = cloudflare_fixes.logpush(fixes.service_name(snapshot, stage.service_ref), "http_requests")
    else:
        kind, argument, api = fixes.stage_address(snapshot, stage)
        name = "stage_name" if kind == "aws_api_gateway_stage" else "name"
        fix = fixes.terraform(
            kind,
            f"{api}_{stage.name}",
            {
                argument: api,
                name: stage.name,
                "access_log_settings": {
                    "destination_arn": "$aws_cloudwatch_log_group.access.arn",
                    "format": '{"requestId":"$context.requestId","ip":"$context.identity.sourceIp",'
                    '"requestTimeEpoch":"$context.requestTimeEpoch","httpMethod":"$context.httpMethod",'
                    '"path":"$context.path","status":"$context.status"}',
                },
            },
        )
    return fail(
        "The stage has no access log.",
        [excerpt("Stage as declared", stage.ref, stage.evidence)],
        [fix],
    )
