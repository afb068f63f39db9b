"""Routes whose only credential is an API key."""

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
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="api_key_only",
    title="API key is the only credential",
    severity=Severity.MEDIUM,
    why="A key names an application, not a user, does not expire by itself and is often copied into clients.",
    references=("AWS docs: API keys are not for authentication", "OWASP API2:2023"),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route that asks for a credential."""
    return judge_each(
        CHECK,
        snapshot,
        ("routes",),
        snapshot.routes,
        route_subject,
        lambda route: _judge(snapshot, route),
    )


def _judge(snapshot: ConfigSnapshot, route: Route) -> Judgement | None:
    if not route.auth_known:
        return unknown("The authentication of this route could not be read.")
    kinds = {auth.kind for auth in route.auth if auth.kind is not AuthKind.NONE}
    if not kinds:
        return None
    if kinds != {AuthKind.API_KEY}:
        return passed("Callers prove more than an API key.")
    return fail(
        "An API key is all a caller needs; it names an application, not a user.",
        [excerpt("Route as declared", route.ref, route.evidence)],
        [_fix(snapshot, route)],
    )


def _fix(snapshot: ConfigSnapshot, route: Route) -> Fix:
    if snapshot.vendor == "kong":
        return fixes.deck_plugin("routes", fixes.kong_name(route), "jwt", {"claims_to_verify": ["exp"]})
    return fixes.terraform(
        "aws_api_gateway_method",
        f"{'_'.join(route.methods)}_{route.path}",
        {
            "rest_api_id": route.service_ref,
            "http_method": route.methods[0] if route.methods else "ANY",
            "api_key_required": True,
            "authorization": "AWS_IAM",
        },
    )
