"""Routes that match every path."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Route
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import aws_fixes, fixes
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
    id="catch_all_route",
    title="Catch-all route",
    severity=Severity.LOW,
    why="Whatever the service behind it serves is published: forgotten, internal and new operations alike.",
    references=("OWASP API9:2023",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every route."""
    return judge_each(
        CHECK,
        snapshot,
        ("routes",),
        snapshot.routes,
        route_subject,
        lambda route: _judge(snapshot, route),
    )


def _judge(snapshot: ConfigSnapshot, route: Route) -> Judgement | None:
    service = fixes.service_of(snapshot, route.service_ref)
    if route.catch_all and service is not None and service.kind == aws_fixes.DISTRIBUTION:
        return None  # a distribution cannot be without its default behaviour
    if not route.catch_all:
        return passed("The route names the paths it serves.")
    siblings = sorted(
        {r.path for r in snapshot.routes if r.service_ref == route.service_ref and not r.catch_all}
    )
    if snapshot.vendor == "kong":
        fix = fixes.deck("routes", fixes.kong_name(route), {"paths": siblings[:20] or ["/v1/orders"]})
    else:
        fix = fixes.console(
            f"Replace {route.path} by the operations that callers use (the inventory lists them) and delete it."
        )
    return fail(
        f"{route.path} passes every path on to the upstream.",
        [excerpt("Route as declared", route.ref, route.evidence)],
        [fix],
    )
