"""Zones that answer plain HTTP instead of redirecting it."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture.types import Facts
from controlplane.posture.zones import WantedSetting, judge_zones

CHECK = CheckCard(
    id="edge_plain_http",
    title="Plain HTTP is served",
    severity=Severity.MEDIUM,
    why="A call by HTTP shows its credentials and data to everybody on the way.",
    references=("OWASP API8:2023", "Cloudflare docs: Always Use HTTPS"),
    vendors=("cloudflare",),
)

_WANTED = WantedSetting(
    "always_use_https",
    ("on",),
    "on",
    "HTTP is redirected to HTTPS.",
    "Requests by plain HTTP are served; Always Use HTTPS is off.",
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every zone."""
    return judge_zones(CHECK, snapshot, _WANTED)
