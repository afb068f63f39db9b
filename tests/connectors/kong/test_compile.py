"""What intents become on Kongs that the double is not: expressions, DB-less, ingress-controlled, old."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.base.enforcement import State, Target, VendorObject
from connectors.base.intent import BlockAction, BlockIntent, Exactness, HeaderMatch, Match
from connectors.kong.compile import compile_program

TARGET = Target("workspace:default", "Workspace default", "kong_workspace")


def state(version: str = "3.9.1", flavor: str = "expressions", database: str = "postgres", **route) -> State:
    node = {"version": version, "configuration": {"router_flavor": flavor, "database": database}}
    document = {"id": "r1", "name": "all", "paths": ["/orders"], "protocols": ["http", "https"], **route}
    foreign = (
        VendorObject("node", "node", "node", node, ours=False),
        VendorObject("routes", "r1", "all", document, ours=False),
    )
    return State(TARGET, (), foreign)


def block(**match) -> BlockIntent:
    found = Match(**{name: tuple(value) for name, value in match.items()})
    return BlockIntent("blk_1", found, BlockAction.BLOCK, datetime(2026, 12, 1, tzinfo=UTC), "test")


def outcome(at: State, **match):
    program = compile_program([block(**match)], TARGET, at)
    return program, program.outcomes[0]


def test_the_expressions_router_says_address_path_and_header_in_one_route():
    program, found = outcome(
        state(),
        networks=[ip_network("198.51.100.0/24")],
        path_templates=["/orders/{id}"],
        headers=[HeaderMatch("X-Client", 'a"b')],
    )
    assert found.exactness is Exactness.EXACT
    route = next(entry for entry in program.objects if entry.kind == "routes")
    assert route.document["expression"] == (
        '(net.src.ip in 198.51.100.0/24) && (http.path ~ "^/orders/[^/]+/?$")'
        ' && (lower(http.headers.x_client) == "a\\"b")'
    )


def test_before_3_6_an_expression_cannot_compare_addresses():
    _, found = outcome(
        state("3.4.2"), networks=[ip_network("198.51.100.0/24")], path_templates=["/orders/{id}"]
    )
    assert found.exactness is Exactness.REFUSED
    assert "3.6" in found.reasons[0]


@pytest.mark.parametrize(
    "at", [state(database="off"), state(flavor="traditional", tags=["managed-by-ingress-controller"])]
)
def test_a_kong_that_takes_no_lasting_writes_gets_a_patch(at):
    program, found = outcome(at, networks=[ip_network("198.51.100.7/32")])
    assert program.objects == ()
    assert found.exactness is Exactness.REFUSED
    assert "198.51.100.7" in found.reasons[-1]


def test_a_path_no_route_can_serve_is_refused():
    _, found = outcome(state(flavor="traditional"), path_templates=["/elsewhere"])
    assert found.exactness is Exactness.REFUSED


def test_a_header_and_path_become_one_route_with_both():
    program, found = outcome(
        state(flavor="traditional"),
        path_templates=["/orders"],
        headers=[HeaderMatch("User-Agent", "x.y", "contains")],
    )
    assert found.exactness is Exactness.EXACT
    route = next(entry for entry in program.objects if entry.kind == "routes")
    assert route.document["headers"] == {"user-agent": [r"~*x\.y"]}


def test_a_route_that_compares_the_same_header_already_is_reported():
    at = state(flavor="traditional", headers={"x-version": ["v1"]})
    _, found = outcome(at, headers=[HeaderMatch("X-Version", "v1")])
    assert found.exactness is Exactness.REFUSED


def test_a_grpc_route_is_reported_as_uncovered():
    _, found = outcome(state(flavor="traditional", protocols=["grpc"]), path_templates=["/orders"])
    assert found.exactness is Exactness.REFUSED
    assert "gRPC" in found.reasons[0]
