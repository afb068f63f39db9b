"""Risk of an endpoint and of an estate, 0–100: sums of named contributions. Pure.

Both scores are monotone: something worse known of an endpoint, or one more open finding, never lowers them. What is
unknown counts half of what it may turn out to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controlplane.findings.types import Severity
from controlplane.posture.nature import open_by_nature
from controlplane.posture.types import EndpointFacts

#: Points of one open finding, and of all findings of an endpoint at most.
FINDING_POINTS: Mapping[Severity, int] = {
    Severity.CRITICAL: 30,
    Severity.HIGH: 18,
    Severity.MEDIUM: 8,
    Severity.LOW: 3,
    Severity.INFO: 0,
}
FINDINGS_AT_MOST = 45

#: An estate's points by severity: (at most, number of findings that give half of it).
ESTATE: Mapping[Severity, tuple[int, int]] = {
    Severity.CRITICAL: (45, 2),
    Severity.HIGH: (30, 5),
    Severity.MEDIUM: (18, 15),
    Severity.LOW: (7, 40),
    Severity.INFO: (0, 1),
}

#: Points by exposure; *unknown* counts half of public.
EXPOSURE_POINTS: Mapping[str, int] = {"public": 14, "unknown": 7, "private": 0}

#: Points of a state in which nobody looks after the endpoint.
STATE_POINTS: Mapping[str, int] = {"shadow": 10, "zombie": 10}


@dataclass(frozen=True, slots=True)
class Contribution:
    """One named part of a score, with the sentence that explains it; ``count`` is how many things it sums up."""

    name: str
    points: int
    sentence: str
    count: int = 1


def contributions(
    endpoint: EndpointFacts, sensitive_classes: frozenset[str], severities: Iterable[Severity]
) -> tuple[Contribution, ...]:
    """What makes up an endpoint's score; ``severities`` are those of its open findings. Empty parts are left out."""
    parts = (
        _findings(severities),
        _exposure(endpoint),
        _authentication(endpoint),
        _data(endpoint, sensitive_classes),
        _state(endpoint),
    )
    return tuple(part for part in parts if part.points and part.count)


def score(parts: Iterable[Contribution]) -> int:
    """The score of an endpoint: the sum of its parts, 100 at most."""
    return min(100, sum(part.points for part in parts))


def estate_score(open_findings: Mapping[str, int]) -> int:
    """The score of an estate by the number of open findings of each severity; each severity saturates by itself."""
    total = 0.0
    for severity, (most, half) in ESTATE.items():
        total += most * (1 - 0.5 ** (open_findings.get(severity.value, 0) / half))
    return round(total)


def _findings(severities: Iterable[Severity]) -> Contribution:
    found = sorted(severities, key=list(Severity).index)
    points = min(FINDINGS_AT_MOST, sum(FINDING_POINTS[severity] for severity in found))
    worst = f", the worst is {found[0].value}" if found else ""
    noun = "finding" if len(found) == 1 else "findings"
    return Contribution("findings", points, f"{len(found)} open {noun}{worst}.", len(found))


def _exposure(endpoint: EndpointFacts) -> Contribution:
    points = EXPOSURE_POINTS.get(endpoint.exposure, EXPOSURE_POINTS["unknown"])
    return Contribution("exposure", points, f"Its exposure is {endpoint.exposure}.")


def _authentication(endpoint: EndpointFacts) -> Contribution:
    purpose = open_by_nature(endpoint.method, endpoint.template)
    if purpose and not endpoint.auth_declared:
        return Contribution("authentication", 0, f"Open by nature: it is for {purpose}.")
    if endpoint.anonymous_success:
        sentence = f"{endpoint.anonymous_success} calls without a credential succeeded."
        return Contribution("authentication", 18, sentence)
    if not endpoint.auth_known:
        return Contribution("authentication", 9, "Its authentication could not be read.")
    if not endpoint.auth_declared:
        return Contribution("authentication", 18, "No authentication is declared.")
    return Contribution("authentication", 0, "A credential is demanded.")


def _data(endpoint: EndpointFacts, sensitive_classes: frozenset[str]) -> Contribution:
    classes = sorted(set(endpoint.data_classes) & sensitive_classes)
    points = min(13, 10 + len(classes)) if classes else 0
    return Contribution("data", points, f"It carries {', '.join(classes)}.")


def _state(endpoint: EndpointFacts) -> Contribution:
    points = STATE_POINTS.get(endpoint.state, 0)
    return Contribution("state", points, f"It is a {endpoint.state} endpoint.")
