"""Scores are bounded, monotone sums of named parts."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from controlplane.findings.types import Severity
from controlplane.posture.risk import contributions, estate_score, score
from controlplane.posture.types import EndpointFacts
from tests.factories.posture import endpoint

CLASSES = frozenset({"email", "iban", "password"})
ENDPOINTS = st.builds(
    EndpointFacts,
    id=st.just("ep_1"),
    host=st.just("shop.acme.example"),
    method=st.just("GET"),
    template=st.just("/orders"),
    state=st.sampled_from(["active", "shadow", "zombie", "orphan", "idle", "unknown"]),
    auth_declared=st.sampled_from([(), ("jwt",)]),
    auth_known=st.booleans(),
    anonymous_success=st.integers(0, 5),
    data_classes=st.lists(st.sampled_from(sorted(CLASSES)), unique=True).map(tuple),
    exposure=st.sampled_from(["public", "private", "unknown"]),
)
FINDINGS = st.lists(st.sampled_from(Severity), max_size=12)
ESTATES = st.dictionaries(st.sampled_from([s.value for s in Severity]), st.integers(0, 500))


def points(facts: EndpointFacts, severities: list[Severity]) -> int:
    return score(contributions(facts, CLASSES, severities))


@given(ENDPOINTS, FINDINGS)
def test_a_score_is_the_sum_of_its_named_parts_between_0_and_100(
    facts: EndpointFacts, severities: list[Severity]
) -> None:
    parts = contributions(facts, CLASSES, severities)
    assert points(facts, severities) == sum(part.points for part in parts) <= 100
    assert len({part.name for part in parts}) == len(parts)
    assert all(part.points > 0 and part.sentence.endswith(".") for part in parts)


@given(ENDPOINTS, FINDINGS, st.sampled_from(Severity))
def test_one_more_finding_never_lowers_the_score(
    facts: EndpointFacts, severities: list[Severity], more: Severity
) -> None:
    assert points(facts, [*severities, more]) >= points(facts, severities)


@given(ENDPOINTS, FINDINGS)
def test_knowing_something_worse_never_lowers_the_score(
    facts: EndpointFacts, severities: list[Severity]
) -> None:
    worse = [
        replace(facts, exposure="public"),
        replace(facts, anonymous_success=facts.anonymous_success + 1),
        replace(facts, auth_declared=()),
        replace(facts, data_classes=tuple(sorted(CLASSES))),
        replace(facts, state="shadow"),
    ]
    assert all(points(other, severities) >= points(facts, severities) for other in worse)


def test_an_unknown_counts_more_than_the_good_and_less_than_the_bad() -> None:
    good, bad = endpoint(exposure="private"), endpoint(exposure="public")
    assert points(good, []) < points(endpoint(exposure="unknown"), []) < points(bad, [])
    unread = endpoint(auth_known=False, auth_declared=())
    assert points(endpoint(), []) < points(unread, []) < points(endpoint(auth_declared=()), [])


def test_a_private_protected_endpoint_without_findings_has_no_risk() -> None:
    assert contributions(endpoint(exposure="private"), CLASSES, []) == ()


@given(ESTATES, st.sampled_from([s.value for s in Severity]))
def test_an_estates_score_is_bounded_and_monotone(counts: dict[str, int], more: str) -> None:
    worse = counts | {more: counts.get(more, 0) + 1}
    assert 0 <= estate_score(counts) <= estate_score(worse) <= 100


def test_an_estate_without_open_findings_scores_zero() -> None:
    assert estate_score({}) == 0
    assert estate_score({"critical": 1}) > estate_score({"high": 1}) > estate_score({"medium": 1}) > 0
