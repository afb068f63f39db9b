"""Zones in development mode."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture.types import Facts
from controlplane.posture.zones import WantedSetting, judge_zones

CHECK = CheckCard(
    id="edge_development_mode",
    title="Development mode is on",
    severity=Severity.LOW,
    why="The cache is passed by, so the origin takes all traffic; it is meant for minutes of work on a site.",
    references=("Cloudflare docs: Development Mode",),
    vendors=("cloudflare",),
)

_WANTED = WantedSetting(
    "development_mode",
    ("off",),
    "off",
    "Development mode is off.",
    "Development mode is on: every request reaches the origin.",
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every zone."""
    return judge_zones(CHECK, snapshot, _WANTED)
