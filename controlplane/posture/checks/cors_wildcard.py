"""CORS policies that let any web site call the API."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Route
from controlplane.findings.types import CheckCard, CheckResult, Fix, Severity
from controlplane.posture import fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    route_subject,
)
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="cors_wildcard",
    title="Any origin may call from a browser",
    severity=Severity.MEDIUM,
    why="Any web site can make a visitor's browser call this route; with credentials it acts as the visitor.",
    references=("OWASP API8:2023", "Fetch standard: CORS protocol and credentials"),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route with a CORS policy."""
    return judge_each(
        CHECK,
        snapshot,
        ("routes",),
        snapshot.routes,
        route_subject,
        lambda route: _judge(snapshot, route),
    )


def _judge(snapshot: ConfigSnapshot, route: Route) -> Judgement | None:
    if route.cors is None:
        return None
    if "*" not in route.cors.origins:
        return passed(f"Only {len(route.cors.origins)} named origins may call.")
    also = (
        ", with credentials: the browser sends the visitor's cookies along" if route.cors.credentials else ""
    )
    document = {
        "origins": list(route.cors.origins),
        "credentials": route.cors.credentials,
    }
    return fail(
        f"Any origin may call this route from a browser{also}.",
        [
            excerpt("CORS policy", route.ref, document),
            excerpt("Route as declared", route.ref, route.evidence),
        ],
        [_fix(snapshot, route)],
    )


def _fix(snapshot: ConfigSnapshot, route: Route) -> Fix:
    origins = [f"https://{host}" for host in route.hosts if "*" not in host] or ["https://app.example.com"]
    if snapshot.vendor == "kong":
        return fixes.deck_plugin(
            "routes",
            fixes.kong_name(route),
            "cors",
            {"origins": origins, "credentials": False},
        )
    return fixes.terraform(
        "aws_apigatewayv2_api",
        route.service_ref,
        {"cors_configuration": {"allow_origins": origins, "allow_credentials": False}},
    )
