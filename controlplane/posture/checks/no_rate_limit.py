"""Routes that nothing throttles."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Route, Stage
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import aws_fixes, cloudflare_fixes, fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    route_subject,
    stage_subject,
    unknown,
)
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="no_rate_limit",
    title="No rate limit",
    severity=Severity.MEDIUM,
    why="One caller can exhaust the application or try passwords and identifiers at full speed.",
    references=("OWASP API4:2023", "Kong docs: rate-limiting", "AWS docs: throttling"),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge Kong's routes by their plugins and the stages of other gateways by their throttling."""
    if snapshot.vendor == "kong":
        return judge_each(
            CHECK,
            snapshot,
            ("routes", "plugins"),
            snapshot.routes,
            route_subject,
            _judge_route,
        )
    return judge_each(
        CHECK,
        snapshot,
        ("stages",),
        snapshot.stages,
        stage_subject,
        lambda stage: _judge_stage(snapshot, stage),
    )


def _judge_route(route: Route) -> Judgement:
    if route.rate_limits:
        limit = route.rate_limits[0]
        return passed(f"{limit.limit} requests per {limit.window_seconds} s and {limit.key}.")
    return fail(
        "No rate-limiting plugin is effective on this route.",
        [excerpt("Route as declared", route.ref, route.evidence)],
        [
            fixes.deck_plugin(
                "routes",
                fixes.kong_name(route),
                "rate-limiting",
                {"minute": 600, "policy": "local", "limit_by": "ip"},
            )
        ],
    )


def _judge_stage(snapshot: ConfigSnapshot, stage: Stage) -> Judgement:
    if stage.throttled is None:
        return unknown("The throttling of this stage could not be read.")
    if stage.throttled:
        return passed("The stage has its own throttling limits.")
    if snapshot.vendor == "gcp":
        return _without_rate_rule(stage)
    if snapshot.vendor == "cloudflare":
        return fail(
            "No rate limiting rule acts on this zone.",
            [excerpt("Zone as declared", stage.ref, stage.evidence)],
            [cloudflare_fixes.rate_limit(fixes.service_name(snapshot, stage.service_ref))],
        )
    if aws_fixes.edge_of(snapshot, stage):
        return fail(
            "No rate-based rule of a web ACL acts here, and nothing else at this place can limit requests.",
            [excerpt("As declared", stage.ref, stage.evidence)],
            [aws_fixes.rate_rule(stage)],
        )
    kind, argument, api = fixes.stage_address(snapshot, stage)
    limits = {"throttling_burst_limit": 100, "throttling_rate_limit": 50}
    if kind == "aws_apigatewayv2_stage":
        fix = fixes.terraform(
            kind,
            f"{api}_{stage.name}",
            {argument: api, "name": stage.name, "default_route_settings": limits},
        )
    else:
        fix = fixes.terraform(
            "aws_api_gateway_method_settings",
            f"{api}_{stage.name}",
            {
                argument: api,
                "stage_name": stage.name,
                "method_path": "*/*",
                "settings": limits,
            },
        )
    return fail(
        "The stage has no throttling of its own; only the account-wide limit applies, shared by all APIs.",
        [excerpt("Stage as declared", stage.ref, stage.evidence)],
        [fix],
    )


def _without_rate_rule(stage: Stage) -> Judgement:
    policy = (stage.waf_ref or "").rpartition("/")[2] or "POLICY"
    return fail(
        "No Cloud Armor rule limits the requests of every client to this backend service.",
        [excerpt("Stage as declared", stage.ref, stage.evidence)],
        [
            fixes.gcloud(
                f"security-policies rules create 2147480000 --security-policy={policy} --src-ip-ranges='*' "
                "--action=throttle --rate-limit-threshold-count=600 --rate-limit-threshold-interval-sec=60 "
                "--conform-action=allow --exceed-action=deny-429 --enforce-on-key=IP"
            )
        ],
    )
