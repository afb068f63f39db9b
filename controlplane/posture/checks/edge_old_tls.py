"""Zones, distributions, load balancers and custom domains that still take TLS 1.0 or 1.1."""

from __future__ import annotations

from typing import Final

from connectors.base.model import ConfigSnapshot, Setting
from controlplane.findings.types import CheckCard, CheckResult, Severity, Subject
from controlplane.posture import aws_fixes
from controlplane.posture.judging import Judgement, excerpt, fail, judge_each, passed, unknown
from controlplane.posture.types import Facts
from controlplane.posture.zones import WantedSetting, judge_zones

CHECK = CheckCard(
    id="edge_old_tls",
    title="Old TLS versions are accepted",
    severity=Severity.MEDIUM,
    why="TLS 1.0 and 1.1 are deprecated; a client can be pushed down to them and its traffic read.",
    references=(
        "RFC 8996",
        "Cloudflare docs: Minimum TLS Version",
        "CKV_AWS_103",
        "CKV_AWS_174",
        "CKV_AWS_206",
    ),
    vendors=("cloudflare", "aws"),
)

_GOOD: Final = ("1.2", "1.3")
_PASSES: Final = "TLS {value} is the least that is accepted."
_FAILS: Final = "TLS {value} is still accepted; 1.2 should be the least."
_ZONES: Final = WantedSetting("min_tls_version", _GOOD, "1.2", _PASSES, _FAILS)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every zone of Cloudflare, every place of AWS that speaks TLS."""
    if snapshot.vendor == "cloudflare":
        return judge_zones(CHECK, snapshot, _ZONES)
    return judge_each(
        CHECK,
        snapshot,
        ("load_balancers", "distributions", "domains"),
        [entry for entry in snapshot.settings if entry.name == "minimum_tls"],
        lambda entry: Subject("host", entry.ref, str(entry.value["place"])),
        lambda entry: _judge(snapshot, entry),
    )


def _judge(snapshot: ConfigSnapshot, entry: Setting) -> Judgement:
    least, policy = entry.value["minimum"], entry.value["policy"]
    if least is None:
        return unknown(f"What the TLS policy {policy or '(none given)'} accepts at least is not known.")
    if least in _GOOD:
        return passed(_PASSES.format(value=least))
    return fail(
        _FAILS.format(value=least).replace("TLS SSL", "SSL"),
        [excerpt("TLS policy", entry.ref, entry.evidence)],
        [aws_fixes.newer_tls(snapshot, entry.ref, str(entry.value["host"]))],
    )
