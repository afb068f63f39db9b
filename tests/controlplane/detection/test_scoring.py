"""The score adds up, decays by half a day's length, and one detector cannot push it alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.detection.scoring import (
    HALF_LIFE_SECONDS,
    Scored,
    contributions,
    decayed,
    score,
    severity,
)

SECOND = 1_000_000
NOW = 1_790_000_000 * SECOND

pieces = st.lists(
    st.builds(
        Scored,
        detector=st.sampled_from(["a", "b", "c"]),
        points=st.integers(0, 100),
        at=st.integers(NOW - 30 * 86_400 * SECOND, NOW),
        sentence=st.just("did it"),
    ),
    max_size=20,
)


def test_points_halve_with_every_half_life() -> None:
    assert decayed(80, NOW - HALF_LIFE_SECONDS * SECOND, NOW) == pytest.approx(40)
    assert decayed(80, NOW - 2 * HALF_LIFE_SECONDS * SECOND, NOW) == pytest.approx(20)


def test_evidence_dated_after_now_has_not_grown() -> None:
    assert decayed(80, NOW + 3600 * SECOND, NOW) == 80


@given(pieces)
def test_the_shown_contributions_sum_to_the_shown_score(evidence: list[Scored]) -> None:
    parts = contributions(evidence, NOW)
    assert score(evidence, NOW) == pytest.approx(sum(part.decayed for part in parts), abs=1e-9)
    assert len({part.detector for part in parts}) == len(parts)


@given(pieces)
def test_a_detector_counts_only_its_strongest_piece(evidence: list[Scored]) -> None:
    for part in contributions(evidence, NOW):
        own = [decayed(piece.points, piece.at, NOW) for piece in evidence if piece.detector == part.detector]
        assert part.decayed == pytest.approx(max(own), abs=0.051)


@given(pieces, st.integers(0, 10 * 86_400))
def test_a_score_never_rises_without_new_evidence(evidence: list[Scored], later: int) -> None:
    assert score(evidence, NOW + later * SECOND) <= score(evidence, NOW) + 1e-9


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0, "low"),
        (24.9, "low"),
        (25, "medium"),
        (49.9, "medium"),
        (50, "high"),
        (80, "critical"),
        (300, "critical"),
    ],
)
def test_severity_follows_the_documented_steps(value: float, name: str) -> None:
    assert severity(value) == name
