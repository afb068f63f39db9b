"""Blocks with conditions (Kong Enterprise 3.15, Konnect): where they may be used, who gets room, what is called exact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest

from connectors.base.enforcement import State, Target, VendorObject
from connectors.base.intent import BlockAction, BlockIntent, Exactness, HeaderMatch, Match
from connectors.kong.compile import compile_program
from connectors.kong.conditions import MOST_CHARACTERS
from connectors.testkit.doubles.kong.conditions import invalid

TARGET = Target("workspace:default", "Workspace default", "kong_workspace")
IDS = {"mobile-app": "0f3f9b64-6a3c-4f0f-9d0f-0d0c3a2f5b11", "globex": "8c6c1d0a-8c0a-4d5e-8f2b-77a3a4a0be02"}


def state(node: dict[str, Any], *plugins: dict[str, Any], objects: tuple[VendorObject, ...] = ()) -> State:
    route = {"id": "r1", "name": "all", "paths": ["/"], "protocols": ["http", "https"]}
    consumer = {"id": IDS["globex"], "username": "globex"}
    foreign = [
        VendorObject("node", "node", "node", node, ours=False),
        VendorObject("routes", "r1", "all", route, ours=False),
        VendorObject("consumers", consumer["id"], "globex", consumer, ours=False),
        *(VendorObject("plugins", plugin["id"], plugin["name"], plugin, ours=False) for plugin in plugins),
    ]
    return State(TARGET, objects, tuple(foreign))


UNTOLD = {"version": "3.15.0.0", "edition": "enterprise"}
ENTERPRISE = {**UNTOLD, "configuration": {"role": "traditional"}}
HYBRID = {**UNTOLD, "configuration": {"role": "control_plane"}}


def block(number: int = 1, **match: Any) -> BlockIntent:
    made = Match(**{name: tuple(value) for name, value in match.items()})
    expires = datetime(2026, 12, 1, tzinfo=UTC)
    return BlockIntent(f"blk_{number:03}", made, BlockAction.BLOCK, expires, "test")


def combined(number: int = 1) -> BlockIntent:
    """An address on a part of a route, which open-source Kong cannot say."""
    address = ip_network(f"198.51.100.{number}/32")
    return block(number, networks=(address,), path_templates=("/orders/{id}",))


@pytest.mark.parametrize(
    "intent",
    [
        combined(),
        block(consumers=("globex",), path_templates=("/orders/{id}",)),
        block(consumers=("globex",), networks=(ip_network("198.51.100.0/24"),), methods=("GET",)),
    ],
    ids=["address_and_path", "consumer_and_path", "consumer_address_method"],
)
def test_what_open_source_kong_refuses_is_exact_with_a_condition(intent):
    plain = compile_program([intent], TARGET, state({"version": "3.15.0"})).outcomes[0]
    program = compile_program([intent], TARGET, state(ENTERPRISE))
    assert plain.exactness is Exactness.REFUSED
    assert program.outcomes[0].exactness is Exactness.EXACT, program.outcomes[0]
    (made,) = program.objects
    assert made.name == "request-termination"
    assert not {"route", "service", "consumer"} & made.document.keys()
    assert invalid(made.document["condition"]) is None


@pytest.mark.parametrize(
    "match",
    [
        {"headers": (HeaderMatch("X-A", "1"), HeaderMatch("x-a", "2", "contains"))},
        {"headers": (HeaderMatch("User-Agent", "evil"),), "networks": (ip_network("192.0.2.0/24"),)},
    ],
    ids=["one_header_twice", "address_and_agent"],
)
def test_a_condition_on_a_header_is_approximated_because_only_its_first_value_is_compared(match):
    plain = compile_program([block(**match)], TARGET, state({"version": "3.15.0"})).outcomes[0]
    found = compile_program([block(**match)], TARGET, state(ENTERPRISE)).outcomes[0]
    assert plain.exactness is Exactness.REFUSED
    assert found.exactness is Exactness.APPROXIMATED
    assert "first value" in found.reasons[-1]


@pytest.mark.parametrize(
    "node",
    [
        {"version": "3.15.0", "edition": "community"},
        {"version": "3.15.0"},
        {"version": "3.14.0.0", "edition": "enterprise"},
        {"version": "3.15.0.0", "edition": "enterprise", "versions": ["3.15.0.0", "3.14.0.1"]},
        {"version": "3.15.0.0", "edition": "enterprise", "versions": [""]},
        {"version": "3.15.0.0", "edition": "enterprise", "versions": []},
        {"version": "", "versions": [], "edition": "konnect"},
        UNTOLD,
        HYBRID,
        {**ENTERPRISE, "version": "3.14.0.0"},
    ],
    ids=[
        "open",
        "old_text",
        "3.14",
        "old_plane",
        "unknown_plane",
        "no_plane",
        "konnect_empty",
        "no_role",
        "planes_not_asked",
        "old_and_alone",
    ],
)
def test_no_condition_is_written_where_a_data_plane_may_not_know_it(node):
    program = compile_program([combined()], TARGET, state(node))
    assert program.objects == ()
    assert program.outcomes[0].exactness is Exactness.REFUSED


def test_addresses_alone_stay_in_their_list():
    program = compile_program([block(networks=(ip_network("198.51.100.7/32"),))], TARGET, state(ENTERPRISE))
    assert [entry.name for entry in program.objects] == ["ip-restriction"]


def test_a_global_request_termination_of_the_customers_is_left_alone():
    theirs = {"id": "p1", "name": "request-termination", "enabled": False, "config": {}}
    program = compile_program([combined()], TARGET, state(ENTERPRISE, theirs))
    assert program.objects == ()
    assert "p1" in program.outcomes[0].reasons[-1]


def test_routes_with_a_request_termination_of_their_own_are_named_as_not_covered():
    theirs = {"id": "p1", "name": "request-termination", "route": {"id": "r1"}, "enabled": True, "config": {}}
    found = compile_program([combined()], TARGET, state(ENTERPRISE, theirs)).outcomes[0]
    assert found.exactness is Exactness.REFUSED
    assert any("most specific" in reason for reason in found.reasons)


@pytest.mark.parametrize("name", ["proxy-cache", "forward-proxy", "aws-lambda", "ai-semantic-cache"])
@pytest.mark.parametrize("scope", ["route", "consumer", ""])
def test_routes_on_which_another_plugin_answers_first_are_named_as_not_covered(name, scope):
    bound = {scope: {"id": {"route": "r1", "consumer": IDS["globex"]}[scope]}} if scope else {}
    theirs = {"id": "p1", "name": name, "enabled": True, **bound}
    answered = compile_program([combined()], TARGET, state(ENTERPRISE, theirs)).outcomes[0]
    assert answered.exactness is Exactness.REFUSED
    assert any(f"{name} (p1)" in reason for reason in answered.reasons)
    off = compile_program([combined()], TARGET, state(ENTERPRISE, {**theirs, "enabled": False})).outcomes[0]
    assert off.exactness is Exactness.EXACT


@pytest.mark.parametrize("match", [{"consumers": ("globex",)}, {"path_templates": ("/orders/{id}",)}])
def test_no_block_by_request_termination_is_exact_where_another_plugin_answers_first(match):
    theirs = {"id": "p1", "name": "proxy-cache", "enabled": True}
    free = compile_program([block(**match)], TARGET, state({"version": "3.9.1"})).outcomes[0]
    found = compile_program([block(**match)], TARGET, state({"version": "3.9.1"}, theirs)).outcomes[0]
    assert free.exactness is Exactness.EXACT
    assert found.exactness is not Exactness.EXACT
    assert any("answer" in reason for reason in found.reasons)


ADDRESS = block(networks=(ip_network("198.51.100.7/32"),))
AGENT = block(headers=(HeaderMatch("User-Agent", "evil", "contains"),))


@pytest.mark.parametrize(("intent", "name"), [(ADDRESS, "ip-restriction"), (AGENT, "bot-detection")])
@pytest.mark.parametrize(
    "part",
    [{"condition": 'http.method == "POST"'}, {"protocols": ["https"]}, {"protocols": ["grpc", "grpcs"]}],
    ids=["condition", "https_only", "grpc_only"],
)
def test_a_list_of_the_customers_that_acts_on_a_part_of_the_traffic_does_not_take_our_entries(
    intent, name, part
):
    theirs = {"id": "p1", "name": name, "enabled": True, "config": {"deny": ["192.0.2.1"]}, **part}
    plain = compile_program([intent], TARGET, state({"version": "3.9.1"}, theirs))
    assert plain.objects == ()
    assert plain.outcomes[0].exactness is Exactness.REFUSED
    better = compile_program([intent], TARGET, state(ENTERPRISE, theirs))
    assert [entry.name for entry in better.objects] == ["request-termination"], "a condition says it instead"


def test_a_list_of_the_customers_that_acts_on_everything_their_routes_serve_takes_our_entries():
    theirs = {"id": "p1", "name": "ip-restriction", "enabled": True, "config": {}}
    for protocols in (None, ["http", "https"], ["grpc", "grpcs", "http", "https"]):
        program = compile_program([ADDRESS], TARGET, state(ENTERPRISE, {**theirs, "protocols": protocols}))
        assert [entry.kind for entry in program.objects] == ["entries"]
        assert program.outcomes[0].exactness is Exactness.EXACT


def test_all_blocks_share_one_condition_within_kongs_limit_and_the_rest_is_refused():
    intents = [combined(number) for number in range(1, 31)]
    program = compile_program(intents, TARGET, state(ENTERPRISE))
    (made,) = program.objects
    assert len(made.document["condition"]) <= MOST_CHARACTERS
    assert made.document["condition"].startswith("default("), "an error would answer 500"
    assert invalid(made.document["condition"]) is None
    exact = [found for found in program.outcomes if found.exactness is Exactness.EXACT]
    refused = [found for found in program.outcomes if found.exactness is Exactness.REFUSED]
    assert len(exact) >= 5
    assert len(exact) + len(refused) == 30
    assert all("1,024 characters" in found.reasons[-1] for found in refused)


def test_a_new_block_never_takes_the_place_of_one_that_stands():
    later = [combined(number) for number in range(20, 50)]
    before = compile_program(later, TARGET, state(ENTERPRISE))
    standing = {found.intent_id for found in before.outcomes if found.exactness is Exactness.EXACT}
    at = replace(state(ENTERPRISE), objects=before.objects)
    after = compile_program([combined(1), *later], TARGET, at)
    kept = {found.intent_id for found in after.outcomes if found.exactness is Exactness.EXACT}
    assert kept == standing


@pytest.mark.parametrize("versions", [[], [""], ["3.15.0.0", ""]], ids=["none", "not_told", "one_not_told"])
@pytest.mark.parametrize("node", [HYBRID, {"version": "", "edition": "konnect"}], ids=["hybrid", "konnect"])
def test_what_is_not_known_of_the_data_planes_takes_no_standing_block_away_and_lets_no_new_one_in(
    node, versions
):
    standing = compile_program([combined(1), combined(2)], TARGET, state(ENTERPRISE)).objects
    at = state({**node, "versions": versions}, objects=standing)
    same = compile_program([combined(1), combined(2)], TARGET, at)
    assert same.objects == standing
    assert {found.exactness for found in same.outcomes} == {Exactness.EXACT}
    more = compile_program([combined(1), combined(2), combined(3)], TARGET, at)
    assert more.objects == standing
    assert "could not be read" in more.outcomes[-1].reasons[-1]
    fewer = compile_program([combined(2)], TARGET, at)
    assert "198.51.100.1" not in fewer.objects[0].document["condition"], "a lifted block is lifted"


def test_a_data_plane_that_is_seen_to_be_too_old_takes_the_condition_away():
    standing = compile_program([combined(1)], TARGET, state(ENTERPRISE)).objects
    at = state({**HYBRID, "versions": ["3.15.0.0", "", "3.14.0.2"]}, objects=standing)
    assert compile_program([combined(1)], TARGET, at).objects == ()


def test_a_standing_plugin_without_its_condition_is_never_kept():
    (standing,) = compile_program([combined(1)], TARGET, state(ENTERPRISE)).objects
    document = {name: value for name, value in standing.document.items() if name != "condition"}
    at = state({**HYBRID, "versions": []}, objects=(replace(standing, document=document),))
    assert compile_program([combined(1)], TARGET, at).objects == ()


def test_a_block_that_grows_takes_no_place_from_those_that_stand_unchanged():
    full = compile_program([combined(number) for number in range(1, 31)], TARGET, state(ENTERPRISE))
    kept = [found.intent_id for found in full.outcomes if found.exactness is Exactness.EXACT]
    addresses = tuple(ip_network(f"203.0.113.{number}/32") for number in range(1, 20))
    grown = block(1, networks=addresses, path_templates=("/orders/{id}",))
    others = [combined(number) for number in range(2, 31)]
    at = replace(state(ENTERPRISE), objects=full.objects)
    after = compile_program([grown, *others], TARGET, at)
    found = {outcome.intent_id: outcome.exactness for outcome in after.outcomes}
    assert found["blk_001"] is Exactness.REFUSED
    assert all(found[name] is Exactness.EXACT for name in kept if name != "blk_001")


def test_a_block_that_stands_elsewhere_takes_no_place_in_the_condition_from_one_that_stands_there():
    full = compile_program([combined(number) for number in range(2, 31)], TARGET, state(ENTERPRISE))
    kept = {found.intent_id for found in full.outcomes if found.exactness is Exactness.EXACT}
    document = {"id": "r9", "name": "ours", "tags": ["portcullis", "portcullis-blk_001"], "paths": ["/x"]}
    route = VendorObject("routes", "r9", "ours", document)
    at = replace(state(ENTERPRISE), objects=(*full.objects, route))
    after = compile_program([combined(number) for number in range(1, 31)], TARGET, at)
    assert {found.intent_id for found in after.outcomes if found.exactness is Exactness.EXACT} == kept
