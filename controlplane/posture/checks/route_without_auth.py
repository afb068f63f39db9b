"""Routes that ask callers for no credential."""

from __future__ import annotations

from connectors.base.model import AuthKind, ConfigSnapshot, Route
from controlplane.findings.types import CheckCard, CheckResult, Fix, Severity
from controlplane.posture import fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    route_subject,
    unknown,
)
from controlplane.posture.nature import open_by_nature
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="route_without_auth",
    title="Route without authentication",
    severity=Severity.HIGH,
    why="Anyone who can reach the gateway can call this route; nothing tells callers apart.",
    references=(
        "OWASP API2:2023",
        "AWS FSBP APIGateway.8",
        "CKV_AWS_59",
        "CKV_AWS_309",
    ),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route except those that only answer CORS pre-flight requests."""
    return judge_each(
        CHECK,
        snapshot,
        ("routes",),
        snapshot.routes,
        route_subject,
        lambda route: _judge(snapshot, route),
    )


def _judge(snapshot: ConfigSnapshot, route: Route) -> Judgement | None:
    if route.methods == ("OPTIONS",):
        return None
    if not route.auth_known:
        return unknown("The authentication of this route could not be read.")
    demanded = [auth for auth in route.auth if auth.kind is not AuthKind.NONE]
    if demanded:
        return passed(f"Callers must present {' or '.join(sorted({auth.kind.value for auth in demanded}))}.")
    purposes = {open_by_nature(method, route.path) for method in route.methods or ("",)}
    if "" not in purposes:
        return passed(f"Open by nature: it is for {' and '.join(sorted(purposes))}.")
    return fail(
        "The route declares no authentication: every caller is let through.",
        [excerpt("Route as declared", route.ref, route.evidence)],
        [_fix(snapshot, route)],
    )


def _fix(snapshot: ConfigSnapshot, route: Route) -> Fix:
    if snapshot.vendor == "kong":
        return fixes.deck_plugin("routes", fixes.kong_name(route), "key-auth", {"hide_credentials": True})
    service = fixes.service_of(snapshot, route.service_ref)
    name = f"{'_'.join(route.methods)}_{route.path}"
    if service is not None and service.kind != "rest_api":
        key = f"{route.methods[0] if route.methods else 'ANY'} {route.path}"
        return fixes.terraform(
            "aws_apigatewayv2_route",
            name,
            {
                "api_id": route.service_ref,
                "route_key": key,
                "authorization_type": "JWT",
                "authorizer_id": "$aws_apigatewayv2_authorizer.jwt.id",
            },
        )
    return fixes.terraform(
        "aws_api_gateway_method",
        name,
        {
            "rest_api_id": route.service_ref,
            "http_method": route.methods[0] if route.methods else "ANY",
            "authorization": "COGNITO_USER_POOLS",
            "authorizer_id": "$aws_api_gateway_authorizer.users.id",
        },
    )
