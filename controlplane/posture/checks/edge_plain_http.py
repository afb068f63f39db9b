"""Zones, distributions and load balancers that answer plain HTTP instead of redirecting it."""

from __future__ import annotations

from typing import Final

from connectors.base.model import ConfigSnapshot, Service
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import aws_fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    service_subject,
    unknown,
)
from controlplane.posture.types import Facts
from controlplane.posture.zones import WantedSetting, judge_zones

CHECK = CheckCard(
    id="edge_plain_http",
    title="Plain HTTP is served",
    severity=Severity.MEDIUM,
    why="A call by HTTP shows its credentials and data to everybody on the way.",
    references=("OWASP API8:2023", "Cloudflare docs: Always Use HTTPS", "AWS FSBP ELB.1", "CKV_AWS_34"),
    vendors=("cloudflare", "aws"),
)

_ZONES: Final = WantedSetting(
    "always_use_https",
    ("on",),
    "on",
    "HTTP is redirected to HTTPS.",
    "Requests by plain HTTP are served; Always Use HTTPS is off.",
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every zone of Cloudflare, every distribution and load balancer of AWS."""
    if snapshot.vendor == "cloudflare":
        return judge_zones(CHECK, snapshot, _ZONES)
    return judge_each(
        CHECK,
        snapshot,
        ("load_balancers", "distributions"),
        snapshot.services,
        service_subject,
        lambda service: _judge(snapshot, service),
    )


def _judge(snapshot: ConfigSnapshot, service: Service) -> Judgement | None:
    if service.kind not in aws_fixes.EDGES:
        return None
    plain = [
        route for route in snapshot.routes if route.service_ref == service.ref and "http" in route.protocols
    ]
    if not plain and not aws_fixes.rules_read(snapshot, service):
        return unknown("Not every listener and rule of the load balancer could be read.")
    if not plain:
        return passed("Nothing is served by plain HTTP.")
    paths = sorted({f"{route.path}{'*' if route.prefix else ''}" for route in plain})
    shown = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    return fail(
        f"Requests by plain HTTP are served: {shown}.",
        [excerpt("Route as declared", route.ref, route.evidence) for route in plain[:3]],
        [aws_fixes.only_https(service)],
    )
