"""Routes that serve plain HTTP instead of redirecting to HTTPS."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Route
from controlplane.findings.types import CheckCard, CheckResult, Severity
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

#: Status codes Kong may answer plain HTTP with instead of serving it.
REDIRECTS = {301, 302, 307, 308}

CHECK = CheckCard(
    id="http_without_redirect",
    title="Route serves plain HTTP",
    severity=Severity.MEDIUM,
    why="Callers can send credentials and data unencrypted without noticing.",
    references=("Kong docs: https_redirect_status_code", "OWASP API8:2023"),
    vendors=("kong",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route."""
    return judge_each(CHECK, snapshot, ("routes",), snapshot.routes, route_subject, _judge)


def _judge(route: Route) -> Judgement:
    plain = [protocol for protocol in route.protocols if protocol in {"http", "grpc", "ws"}]
    if not plain:
        return passed("Only TLS is served.")
    if "https" in route.protocols:
        return fail(
            "The route answers plain HTTP as well as HTTPS.",
            [excerpt("Route as declared", route.ref, route.evidence)],
            [
                fixes.deck(
                    "routes",
                    fixes.kong_name(route),
                    {"protocols": ["https"], "https_redirect_status_code": 308},
                )
            ],
        )
    entity = route.evidence.get("route") or {}
    if entity.get("https_redirect_status_code") in REDIRECTS:
        return passed("Plain HTTP is answered by a redirect.")
    return fail(
        f"The route serves {' and '.join(plain)} only.",
        [excerpt("Route as declared", route.ref, route.evidence)],
        [
            fixes.deck(
                "routes",
                fixes.kong_name(route),
                {"protocols": ["https"], "https_redirect_status_code": 308},
            )
        ],
    )
