"""Zones that still take TLS 1.0 or 1.1."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture.types import Facts
from controlplane.posture.zones import WantedSetting, judge_zones

CHECK = CheckCard(
    id="edge_old_tls",
    title="Old TLS versions are accepted",
    severity=Severity.MEDIUM,
    why="TLS 1.0 and 1.1 are deprecated; a client can be pushed down to them and its traffic read.",
    references=("RFC 8996", "Cloudflare docs: Minimum TLS Version"),
    vendors=("cloudflare",),
)

_WANTED = WantedSetting(
    "min_tls_version",
    ("1.2", "1.3"),
    "1.2",
    "TLS {value} is the least that is accepted.",
    "TLS {value} is still accepted; 1.2 should be the least.",
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every zone."""
    return judge_zones(CHECK, snapshot, _WANTED)
