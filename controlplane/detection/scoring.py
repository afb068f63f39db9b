"""An actor's threat score: a decaying sum that can be recomputed from its evidence at any time.

Each piece of evidence is worth ``points × ½^(age / half-life)``; of each detector only its strongest piece
counts, so that one noisy detector cannot push the score alone; the score is the sum over detectors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from controlplane.traffic.types import MICROSECONDS

HALF_LIFE_SECONDS: Final = 24 * 3600
#: Evidence worth less stays on its actor and is no threat: a single request with the mark of a scanner.
THREAT_FROM: Final = 10.0
#: The least score for each severity, most severe first.
SEVERITY_FROM: Final = (("critical", 80.0), ("high", 50.0), ("medium", 25.0), ("low", 0.0))


@dataclass(frozen=True, slots=True)
class Scored:
    """What the score needs to know of a piece of evidence."""

    detector: str
    points: float
    at: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """One detector's part of the score: its strongest evidence, before and after decay."""

    detector: str
    points: float
    decayed: float
    at: int
    sentence: str


def decayed(points: float, at: int, now: int) -> float:
    """Points after decay; times in microseconds. Evidence from the future has not decayed."""
    age = max(0, now - at) / MICROSECONDS
    factor: float = 0.5 ** (age / HALF_LIFE_SECONDS)
    return points * factor


def contributions(evidence: Iterable[Scored], now: int) -> list[Contribution]:
    """Each detector's contribution, largest first, rounded to tenths so that what is shown adds up."""
    best: dict[str, Contribution] = {}
    for piece in evidence:
        value = round(decayed(piece.points, piece.at, now), 1)
        held = best.get(piece.detector)
        if held is None or (value, piece.at) > (held.decayed, held.at):
            best[piece.detector] = Contribution(piece.detector, piece.points, value, piece.at, piece.sentence)
    return sorted(best.values(), key=lambda entry: (-entry.decayed, entry.detector))


def score(evidence: Iterable[Scored], now: int) -> float:
    """The sum of the contributions."""
    return round(sum(entry.decayed for entry in contributions(evidence, now)), 1)


def severity(value: float) -> str:
    """The severity of a score."""
    return next(name for name, least in SEVERITY_FROM if value >= least)
