"""States and authentication verdicts say no more than the facts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.inventory.judging import AuthFacts, auth_verdict, state_of, version_of
from controlplane.inventory.parameters import parameters_of, wilson
from controlplane.inventory.states import Facts


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(config=True, traffic=True), "active"),
        (Facts(config=False, traffic=True), "shadow"),
        (Facts(config=True, traffic=False), "idle"),
        (Facts(config=True, traffic=None), "unknown"),
        (Facts(config=True, traffic=True, superseded=True), "zombie"),
        (Facts(config=True, traffic=True, deprecated=True), "zombie"),
        (Facts(spec=True, traffic=True), "active"),
        (Facts(spec=False, traffic=True), "shadow"),
        (Facts(spec=True, traffic=False), "orphan"),
        (Facts(spec=False, config=True, traffic=True), "shadow"),
        (Facts(traffic=True), "unknown"),
    ],
)
def test_the_state_follows_the_facts(facts: Facts, state: str) -> None:
    assert state_of(facts).state.value == state


facts = st.builds(
    Facts,
    config=st.none() | st.booleans(),
    spec=st.none() | st.booleans(),
    traffic=st.none() | st.booleans(),
    deprecated=st.booleans(),
    superseded=st.booleans(),
)


@given(facts)
def test_an_unknown_source_never_makes_an_endpoint_shadow_or_orphan(given_facts: Facts) -> None:
    state = state_of(given_facts).state.value
    if given_facts.spec is None and given_facts.config is None:
        assert state not in ("shadow", "orphan")
    if given_facts.traffic is None:
        assert state == "unknown"


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (AuthFacts(True, True, 100, 0), "enforced"),
        (AuthFacts(True, True, 100, 1), "contradiction"),
        (AuthFacts(True, True, 0, 0), "unknown"),
        (AuthFacts(False, True, 0, 0), "open"),
        (AuthFacts(False, False, 50, 0), "unknown"),
        (AuthFacts(False, False, 50, 5), "open"),
        (AuthFacts(True, True, 1_000_000, 1), "enforced"),
    ],
)
def test_authentication_is_judged_by_declaration_and_calls(facts: AuthFacts, verdict: str) -> None:
    assert auth_verdict(facts) == verdict


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("/v2/orders", (2, "/orders")),
        ("/api/v10/x", (10, "/api/x")),
        ("/orders", (None, "/orders")),
        ("/V1", (1, "/")),
    ],
)
def test_versions_are_read_from_paths(template: str, expected: tuple[int | None, str]) -> None:
    assert version_of(template) == expected


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_interval_holds_the_observed_share(seen: int, total: int) -> None:
    low, high = wilson(min(seen, total), total)
    assert 0 <= low <= min(seen, total) / total + 1e-9
    assert min(seen, total) / total - 1e-9 <= high <= 1


def test_parameters_join_declaration_and_traffic_and_never_call_a_guess_required() -> None:
    declared = [{"name": "limit", "location": "query", "type": "integer", "required": False}]
    fields = [("query", "limit:integer", 30), ("query", "q:string", 3), ("request", "$.name:string", 10)]
    found = {(p["location"], p["name"]): p for p in parameters_of("/orders/{orderId}", declared, fields, 30)}
    assert found[("path", "orderId")]["required"] is True
    assert found[("query", "limit")]["provenance"] == ["declared", "traffic"]
    assert found[("query", "q")]["required"] is None
    assert found[("body", "$.name")]["n_seen"] == 10
