"""Readers of posture: the catalogue of checks and the estate's risk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from controlplane.connections import queries as connections
from controlplane.findings import queries as findings
from controlplane.findings.types import CheckCard
from controlplane.posture import risk
from controlplane.posture.registry import all_checks


@dataclass(frozen=True, slots=True)
class EstateRisk:
    """Score of everything that was read, now and a week ago; None is unknown, not zero."""

    score: int | None
    previous: int | None


def catalogue() -> list[CheckCard]:
    """Every check's card, by id."""
    return [check.card for check in all_checks().values()]


def estate_risk(now: datetime) -> EstateRisk:
    """The estate's risk by its open findings; unknown while no configuration has been read."""
    if not any(connections.sections(connection.id) for connection in connections.refs()):
        return EstateRisk(None, None)
    before = findings.counts_at(now - timedelta(days=7))
    return EstateRisk(
        risk.estate_score(findings.counts()), None if before is None else risk.estate_score(before)
    )
