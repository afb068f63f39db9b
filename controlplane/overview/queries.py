"""The parts of the first page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from controlplane.blocking import queries as blocking
from controlplane.detection import queries as detection
from controlplane.findings import queries as findings
from controlplane.inventory import queries as inventory
from controlplane.overview.news import News, recent
from controlplane.overview.setup import Step, steps
from controlplane.posture.queries import EstateRisk, estate_risk
from controlplane.traffic import engine
from controlplane.traffic.types import MICROSECONDS, Window

BUCKET_SECONDS = 600
DAY_SECONDS = 86_400
_TOP = 5
_RECENT = 12


@dataclass(frozen=True, slots=True)
class CallsAt:
    """Calls of the ten minutes from ``at``."""

    at: datetime
    calls: int = 0
    errors: int = 0
    blocked: int = 0


@dataclass(frozen=True, slots=True)
class TopEndpoint:
    """An endpoint with much risk; ``calls_24h`` is None when no traffic source covers its host."""

    id: str
    label: str
    method: str
    template: str
    risk: int
    calls_24h: int | None


@dataclass(frozen=True, slots=True)
class TopActor:
    """An actor with a high score and the gravest thing it did."""

    id: str
    label: str
    kind: str
    score: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the first page shows."""

    counts: dict[str, int]
    findings_by_severity: dict[str, int]
    risk: EstateRisk
    calls_series: list[CallsAt]
    top_endpoints: list[TopEndpoint]
    top_actors: list[TopActor]
    setup: list[Step]
    recent: list[News]


def overview(now: datetime) -> Overview:
    """The page as of ``now``."""
    severities = findings.counts()
    known = inventory.counts()
    counts = {name: known[name] for name in ("services", "endpoints", "shadow", "zombie", "orphan")}
    counts |= {
        "findings_open": sum(severities.values()),
        "critical": severities["critical"],
        "threats_open": sum(detection.open_counts().values()),
        "blocks_active": blocking.active_count(),
    }
    return Overview(
        counts=counts,
        findings_by_severity=severities,
        risk=estate_risk(now),
        calls_series=calls_series(now),
        top_endpoints=_top_endpoints(),
        top_actors=_top_actors(),
        setup=steps(counts["endpoints"]),
        recent=recent(_RECENT),
    )


def calls_series(now: datetime) -> list[CallsAt]:
    """The last 24 hours in ten-minute buckets, quiet ones as zero; empty when no call was stored in them."""
    window = Window.last(DAY_SECONDS, now.timestamp())
    found = {row["bucket"]: row for row in engine.series(window, BUCKET_SECONDS).to_pylist()}
    if not found:
        return []
    width = BUCKET_SECONDS * MICROSECONDS
    return [
        CallsAt(_time(start), row["calls"], row["errors"], row["blocked"])
        if (row := found.get(start))
        else CallsAt(_time(start))
        for start in range(window.start // width * width, window.end, width)
    ]


def _top_endpoints() -> list[TopEndpoint]:
    return [
        TopEndpoint(
            row.id,
            f"{row.method} {row.host}{row.template}",
            row.method,
            row.template,
            row.risk,
            None if row.fact_traffic is None else row.calls_24h,
        )
        for row in inventory.top(_TOP)
    ]


def _top_actors() -> list[TopActor]:
    found = []
    for row in detection.actors().order_by("-score", "-id")[:_TOP]:
        threats = sorted(row.threats.all(), key=lambda threat: threat.score, reverse=True)
        if row.score > 0:
            title = threats[0].title if threats else ""
            found.append(TopActor(row.id, row.label, row.kind, round(row.score, 1), title))
    return found


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / MICROSECONDS, UTC)
