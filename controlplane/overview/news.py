"""What happened lately: findings, threats and blocks in one list, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from controlplane.blocking import queries as blocking
from controlplane.detection import queries as detection
from controlplane.findings import queries as findings
from controlplane.findings.types import ACTIVE
from controlplane.traffic.types import MICROSECONDS


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened; ``severity`` only where it asks for attention."""

    at: datetime
    kind: str
    sentence: str
    href: str
    severity: str | None


def recent(limit: int) -> list[News]:
    """The newest things; no single kind takes more than two thirds of the list."""
    share = max(1, limit * 2 // 3)
    found = [*_findings(share), *_threats(share), *_blocks(share)]
    return sorted(found, key=lambda item: item.at, reverse=True)[:limit]


def _findings(limit: int) -> Iterator[News]:
    for entry in findings.recent(limit):
        row = entry.finding
        words = entry.status.replace("_", " ")
        sentence = f"{row.title}, {row.subject_label}: {words}"
        severity = row.severity if entry.status in ACTIVE else None
        yield News(entry.at, "finding", sentence, f"/findings/{row.id}", severity)


def _threats(limit: int) -> Iterator[News]:
    for row in detection.threats().order_by("-last_ts", "-id")[:limit]:
        at = datetime.fromtimestamp(row.last_ts / MICROSECONDS, UTC)
        sentence = f"{row.title}: {row.sentence}"
        yield News(at, "threat", sentence, f"/actors/{row.actor_id}", row.severity)


def _blocks(limit: int) -> Iterator[News]:
    for row in blocking.blocks()[:limit]:
        words = row.status.replace("_", " ")
        severity = "high" if row.status == "failed" else None
        yield News(
            row.ended_at or row.created_at,
            "block",
            f"{row.reason_text}: {words}",
            f"/blocks/{row.id}",
            severity,
        )
