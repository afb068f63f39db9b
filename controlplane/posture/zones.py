"""Checks of one setting of Cloudflare zones: which values are good, and what to say of the others."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.base.model import ConfigSnapshot, Service
from controlplane.findings.types import CheckCard, CheckResult
from controlplane.posture import cloudflare_fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    service_subject,
    unknown,
)
from controlplane.posture.settings import zone_setting


@dataclass(frozen=True, slots=True)
class WantedSetting:
    """A zone setting's good values, the one to repair with, and the sentences for good and bad ("{value}" is it)."""

    name: str
    good: tuple[str, ...]
    repair: str
    passes: str
    fails: str


def judge_zones(card: CheckCard, snapshot: ConfigSnapshot, wanted: WantedSetting) -> list[CheckResult]:
    """Judge every zone; one whose setting was not read is unknown."""
    return judge_each(
        card,
        snapshot,
        ("services", "settings"),
        snapshot.services,
        service_subject,
        lambda zone: _judge(snapshot, zone, wanted),
    )


def _judge(snapshot: ConfigSnapshot, zone: Service, wanted: WantedSetting) -> Judgement:
    found = zone_setting(snapshot, zone, wanted.name)
    if found is None:
        return unknown(f"The setting {wanted.name} of this zone could not be read.")
    value = str(found.value)
    if value in wanted.good:
        return passed(wanted.passes.format(value=value))
    return fail(
        wanted.fails.format(value=value),
        [excerpt("Zone setting", found.ref, found.evidence)],
        [cloudflare_fixes.zone_setting(zone.ref, wanted.name, wanted.repair)],
    )
