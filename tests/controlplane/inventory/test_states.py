"""Claims of the endpoint state table."""

import pytest

from controlplane.inventory.states import Documented, EndpointState, Facts, Operation, compare, judge


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(spec=True, traffic=True), EndpointState.ACTIVE),
        (Facts(spec=True, traffic=True, deprecated=True), EndpointState.ZOMBIE),
        (Facts(spec=False, traffic=True, superseded=True), EndpointState.ZOMBIE),
        (Facts(spec=False, traffic=True), EndpointState.SHADOW),
        (Facts(spec=True, traffic=False), EndpointState.ORPHAN),
        (Facts(spec=True, traffic=False, deprecated=True), EndpointState.ORPHAN),
        (Facts(spec=False, traffic=False, config=True), EndpointState.IDLE),
        (Facts(spec=False, traffic=False, config=False), EndpointState.GONE),
        (Facts(spec=None, traffic=True), EndpointState.UNKNOWN),
        (Facts(spec=True, traffic=None), EndpointState.UNKNOWN),
        (Facts(spec=False, traffic=False, config=None), EndpointState.UNKNOWN),
    ],
)
def test_facts_give_the_state_of_the_table(facts: Facts, state: EndpointState) -> None:
    assert judge(facts).state is state


def test_a_host_without_a_specification_has_no_shadow_endpoints() -> None:
    verdicts = compare([], [Operation("GET", "a.example", "/x")])
    assert [v.state for v in verdicts.values()] == [EndpointState.UNKNOWN]


def test_parameter_names_do_not_matter_when_comparing() -> None:
    documented = [Documented(Operation("GET", "a.example", "/pets/{petId}"))]
    verdicts = compare(documented, [Operation("GET", "a.example", "/pets/{id}")])
    assert [v.state for v in verdicts.values()] == [EndpointState.ACTIVE]


def test_every_verdict_gives_a_reason_per_fact() -> None:
    assert len(judge(Facts()).reasons) == 4
