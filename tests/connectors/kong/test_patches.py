"""decK patches of several blocks: what they share is the same in each, so that merging one undoes no other."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import yaml

from connectors.base.enforcement import State, Target, VendorObject
from connectors.base.intent import BlockAction, BlockIntent, Compiled, Exactness, Match
from connectors.kong.compile import compile_program
from connectors.kong.gitops import SYNCHRONISED

TARGET = Target("workspace:default", "Workspace default", "kong_workspace")
NODE = {"version": "3.15.0.0", "edition": "enterprise", "configuration": {"role": "traditional"}}
ROUTE = {"id": "r1", "name": "all", "paths": ["/"], "protocols": ["http", "https"]}
STATE = State(
    TARGET,
    (),
    (
        VendorObject("node", "node", "node", NODE, ours=False),
        VendorObject("routes", "r1", "all", ROUTE, ours=False),
    ),
)


def block(number: int, *paths: str) -> BlockIntent:
    address = ip_network(f"10.{number // 256}.{number % 256}.1/32")
    match = Match(networks=(address,), path_templates=paths)
    return BlockIntent(
        f"blk_{number:03}", match, BlockAction.BLOCK, datetime(2026, 12, 1, tzinfo=UTC), "test"
    )


def outcomes(*intents: BlockIntent) -> list[Compiled]:
    program = compile_program(intents, TARGET, STATE, SYNCHRONISED)
    assert program.objects == ()
    assert {found.exactness for found in program.outcomes} == {Exactness.REFUSED}
    return list(program.outcomes)


def plugins(found: Compiled) -> dict[str, Any]:
    document = yaml.safe_load(found.reasons[-1].partition("\n")[2])
    return {plugin["id"]: plugin for plugin in document["plugins"]}


def test_the_patches_of_conditional_blocks_all_hold_the_condition_of_all():
    first, second = (plugins(found) for found in outcomes(block(1, "/a"), block(2, "/b")))
    assert first == second
    (plugin,) = first.values()
    assert "10.0.1.1" in plugin["condition"]
    assert "10.0.2.1" in plugin["condition"]


def test_the_patches_of_blocked_addresses_all_hold_the_whole_list():
    first, second = (plugins(found) for found in outcomes(block(1), block(2)))
    assert first == second
    (plugin,) = first.values()
    assert plugin["config"]["deny"] == ["10.0.1.1", "10.0.2.1"]


def test_a_block_is_handed_out_with_its_own_objects_and_not_those_of_others():
    listed, conditional = outcomes(block(1), block(2, "/b"))
    assert [plugin["name"] for plugin in plugins(listed).values()] == ["ip-restriction"]
    assert [plugin["name"] for plugin in plugins(conditional).values()] == ["request-termination"]


def test_of_a_long_list_a_patch_names_the_entries_to_add_and_stays_short():
    found = outcomes(*(block(number) for number in range(1, 302)))
    assert all(len(outcome.reasons[-1]) < 300 for outcome in found)
    assert "add to config.deny of your global ip-restriction: 10.0.7.1" in found[6].reasons[-1]
