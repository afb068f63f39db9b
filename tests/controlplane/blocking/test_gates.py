"""Each gate stops what it is there to stop."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base.intent import BlockAction, Match
from controlplane.blocking.gates import ask, gates, worst
from controlplane.blocking.gates.protected import SPECIAL
from controlplane.blocking.gates.protected import check as protected
from controlplane.blocking.types import (
    Draft,
    Effect,
    GateVerdict,
    Limits,
    Partner,
    Protected,
    Question,
    TargetRef,
    Verdict,
)

EFFECT = Effect(
    calls=10_000,
    requests=100,
    unknown=0,
    principals=1,
    addresses=1,
    share_of_traffic=0.01,
    good_requests=0,
    good_total=9_000,
    share_of_good=0.0,
    endpoints=(),
    partners=(),
    examples=(),
    series=(),
    unevaluable=(),
)


def question(networks: tuple[str, ...] = ("198.18.4.7/32",), **changes: object) -> Question:
    match = Match(networks=tuple(ip_network(text) for text in networks))
    draft = Draft(match, BlockAction.BLOCK, 3600, (TargetRef("con_1", "acl"),))
    asked = Question(draft, EFFECT, (), Limits(), 0, 7 * 86_400.0)
    return replace(asked, **changes)  # type: ignore[arg-type]


def verdict(asked: Question, gate: str) -> GateVerdict:
    return next(answer for answer in ask(asked) if answer.gate == gate)


def test_a_narrow_block_of_an_attacker_passes_every_gate() -> None:
    assert worst(ask(question())) is Verdict.PASS
    assert {answer.gate for answer in ask(question())} == {
        "blast_radius",
        "breadth",
        "growth",
        "lifetime",
        "partners",
        "protected",
    }
    assert len(gates()) == 6


@pytest.mark.parametrize("special", [entry.cidr for entry in SPECIAL])
@pytest.mark.asvs("2.3.2")
def test_special_purpose_ranges_are_never_blocked(special: str) -> None:
    inside = str(next(iter(ip_network(special).hosts()), ip_network(special).network_address))
    assert verdict(question((inside,)), "protected").verdict is Verdict.REFUSE


networks_v4 = st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 32)).map(
    lambda pair: str(ip_network((pair[0], pair[1]), strict=False))
)
networks_v6 = st.tuples(st.integers(0, 2**128 - 1), st.integers(16, 128)).map(
    lambda pair: str(ip_network((pair[0], pair[1]), strict=False))
)
networks = st.one_of(networks_v4, networks_v6)


@given(st.lists(networks, min_size=1, max_size=5), st.lists(networks, max_size=5))
@pytest.mark.asvs("2.3.2")
def test_what_passes_never_overlaps_the_protected_list(wanted: list[str], held: list[str]) -> None:
    asked = question(tuple(wanted), protected=tuple(Protected(cidr, "x", "other") for cidr in held))
    overlap = any(
        ip_network(a).version == ip_network(b).version and ip_network(a).overlaps(ip_network(b))
        for a in wanted
        for b in [*held, *(entry.cidr for entry in SPECIAL)]
    )
    assert (protected(asked).verdict is Verdict.REFUSE) == overlap


def test_a_partner_in_the_past_traffic_refuses_the_block_by_name() -> None:
    answer = verdict(question(effect=replace(EFFECT, partners=(Partner("globex", 40),))), "partners")
    assert answer.verdict is Verdict.REFUSE
    assert "globex (40 requests)" in answer.sentence


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0, Verdict.PASS),
        (0.01, Verdict.NEEDS_APPROVAL),
        (0.05, Verdict.REFUSE),
        (None, Verdict.NEEDS_APPROVAL),
    ],
)
@pytest.mark.asvs("16.5.3")
def test_the_share_of_good_traffic_decides_and_no_history_is_not_safe(
    share: float | None, expected: Verdict
) -> None:
    asked = question(effect=replace(EFFECT, share_of_good=share))
    assert verdict(asked, "blast_radius").verdict is expected


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [
        ("198.18.4.7/32", Verdict.PASS),
        ("198.18.0.0/20", Verdict.NEEDS_APPROVAL),
        ("198.0.0.0/8", Verdict.REFUSE),
        ("2001:d00::/24", Verdict.REFUSE),
    ],
)
@pytest.mark.asvs("2.3.2")
def test_wide_networks_need_approval_and_too_wide_ones_are_refused(cidr: str, expected: Verdict) -> None:
    assert verdict(question((cidr,)), "breadth").verdict is expected


def test_a_match_that_names_no_caller_needs_a_second_person() -> None:
    asked = question()
    anybody = replace(asked.draft, match=Match(path_templates=("/login",)))
    assert verdict(replace(asked, draft=anybody), "breadth").verdict is Verdict.NEEDS_APPROVAL


@pytest.mark.asvs("2.3.2")
def test_a_block_that_would_live_too_long_is_refused() -> None:
    asked = question()
    forever = replace(asked.draft, ttl_seconds=365 * 86_400)
    assert verdict(replace(asked, draft=forever), "lifetime").verdict is Verdict.REFUSE


@pytest.mark.asvs("2.3.2", "2.4.1")
def test_a_runaway_is_stopped_by_the_hourly_limit() -> None:
    assert verdict(question(blocks_last_hour=200), "growth").verdict is Verdict.REFUSE
