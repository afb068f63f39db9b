"""What can be said of each requirement today, from the catalogue and the marks."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tests.asvs.catalogue import Catalogue, Requirement
from tests.asvs.marks import Mark


class Verdict(StrEnum):
    """Where a requirement stands."""

    PROVEN = "proven"
    BY_DESIGN = "by design"
    NOT_APPLICABLE = "n.a."
    OPEN = "open"
    UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Judged:
    """A requirement with its tests, in the order of their names."""

    requirement: Requirement
    tests: tuple[Mark, ...]

    @property
    def verdict(self) -> Verdict:
        """Open wins over tests, because they then prove a part; a test wins over a sentence."""
        if self.requirement.open:
            return Verdict.OPEN
        if self.requirement.not_applicable:
            return Verdict.NOT_APPLICABLE
        if self.tests:
            return Verdict.PROVEN
        return Verdict.BY_DESIGN if self.requirement.by_design else Verdict.UNANSWERED


def judged(catalogue: Catalogue, marks: Iterable[Mark]) -> list[Judged]:
    """Every requirement in order, with the tests that name it."""
    tests: dict[str, set[Mark]] = defaultdict(set)
    for mark in marks:
        tests[mark.id].add(mark)
    return [
        Judged(requirement, tuple(sorted(tests[requirement.id], key=lambda mark: mark.node)))
        for requirement in sorted(catalogue.requirements.values(), key=lambda found: found.place)
    ]


def unknown(catalogue: Catalogue, marks: Iterable[Mark]) -> list[str]:
    """Marks that name a requirement nobody wrote down."""
    return sorted({f"{mark.id} on {mark.node}" for mark in marks if mark.id not in catalogue.requirements})


def counts(found: Iterable[Judged]) -> Counter[tuple[int, int, Verdict]]:
    """How many by (chapter, level, verdict)."""
    return Counter((entry.requirement.chapter, entry.requirement.level, entry.verdict) for entry in found)
