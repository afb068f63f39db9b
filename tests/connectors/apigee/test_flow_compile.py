"""What the shared flow can compare is said exactly; what it cannot is refused or named."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.apigee.flow.compile import compile_flow
from connectors.apigee.places import targets_of
from connectors.base.enforcement import State, Target, VendorObject
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match
from connectors.base.model import ConfigSnapshot, Setting, Stage

ENDS = datetime(2996, 12, 1, tzinfo=UTC)
PLACE = "organizations/o/environments/prod"
TARGET = Target(f"{PLACE}/sharedflows/portcullis-enforcer", "prod", "environment_flow", (f"{PLACE}/apis/a",))
NETWORK = ip_network("198.51.100.0/24")


def compiled(match, action=BlockAction.BLOCK, **members):
    document = {
        "type": "", "forgeable_addresses": False, "occupied": {}, "called": [], "foreign_flow": False, "foreign_pages": {},
        "content": "", "taken": [], "lent": False, "shared_map": False,
    } | members  # fmt: skip
    state = State(TARGET, (), (VendorObject("environment", TARGET.ref, "prod", document, ours=False),), "x")
    return compile_flow([BlockIntent("blk_1", match, action, ENDS, "test")], TARGET, state)


@pytest.mark.parametrize(
    ("match", "action", "reason"),
    [
        (Match(), BlockAction.BLOCK, "every request"),
        (Match(principals=("k",)), BlockAction.BLOCK, "name the app"),
        (Match(ja4=("t",)), BlockAction.BLOCK, "fingerprint"),
        (Match(countries=("KP",)), BlockAction.BLOCK, "no country"),
        (Match(asns=(64500,)), BlockAction.BLOCK, "no AS number"),
        (Match(headers=(HeaderMatch("x.y", "1"),)), BlockAction.BLOCK, "x.y"),
        (Match(headers=(HeaderMatch("x-a", ""),)), BlockAction.BLOCK, "no value"),
        (Match(path_templates=("/{a}" * 13,)), BlockAction.BLOCK, "12 variables"),
        (Match(path_templates=("/😀",)), BlockAction.BLOCK, "basic plane"),
        (
            Match(path_templates=tuple(f"/{n}{{a}}{{b+}}" for n in range(6))),
            BlockAction.BLOCK,
            "piece of a segment",
        ),
        (Match(path_templates=("/{a+}/x/{b+}",)), BlockAction.BLOCK, "one tail"),
        (
            Match(path_templates=tuple(f"/{{a}}.{n}" for n in range(11))),
            BlockAction.BLOCK,
            "piece of a segment",
        ),
        (Match(hosts=("shop.example:8443",)), BlockAction.BLOCK, "without its port"),
        (Match(hosts=("shop.example.",)), BlockAction.BLOCK, "without its port"),
        (Match(headers=(HeaderMatch("Host", "shop.example:8443"),)), BlockAction.BLOCK, "without its port"),
        (Match(headers=(HeaderMatch("host", ":84", "contains"),)), BlockAction.BLOCK, "without its port"),
        (Match(networks=(NETWORK,)), BlockAction.RATE_LIMIT, "SpikeArrest"),
        (Match(networks=(NETWORK,)), BlockAction.CHALLENGE, "challenge"),
        (Match(methods=("GET",), countries=("KP",)), BlockAction.BLOCK, "no country"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_reason_and_nothing_is_wanted(match, action, reason):
    program = compiled(match, action)
    (outcome,) = program.outcomes
    assert outcome.exactness == "refused"
    assert reason in outcome.reasons[0]
    assert program.objects == ()
    assert {ref for ref, _ in outcome.coverage.uncovered} == set(TARGET.service_refs)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"type": "BASE"}, "type Base"),
        ({"foreign_flow": True}, "not ours"),
        ({"foreign_pages": {"rules-2": []}}, "rules-2"),
        ({"occupied": {"PreProxyFlowHook": "theirs"}}, "never replaced"),
        ({"called": ["PreProxyFlowHook"]}, "another version"),
    ],
)
def test_where_the_shared_flow_cannot_run_every_block_is_refused(members, reason):
    program = compiled(Match(methods=("GET",)), **members)
    assert program.outcomes[0].exactness == "refused"
    assert reason in program.outcomes[0].reasons[0]
    assert program.objects == ()


def test_a_template_whose_variables_are_pieces_of_segments_may_let_a_very_long_path_pass_which_is_told():
    outcome = compiled(Match(path_templates=("/{a}.json",))).outcomes[0]
    assert outcome.exactness == "approximated"
    assert "200 ms" in outcome.reasons[0]
    assert compiled(Match(path_templates=("/{a}/json", "/x/{b+}"))).outcomes[0].exactness == "exact"


def test_an_address_that_callers_choose_themselves_is_named():
    assert compiled(Match(networks=(NETWORK,))).outcomes[0].exactness == "exact"
    outcome = compiled(Match(networks=(NETWORK,)), forgeable_addresses=True).outcomes[0]
    assert outcome.exactness == "approximated"
    assert "evaded" in outcome.reasons[0]
    assert compiled(Match(methods=("GET",)), forgeable_addresses=True).outcomes[0].exactness == "exact"


def test_each_rule_carries_its_end_and_whether_it_blocks_or_counts():
    for action, mode in ((BlockAction.BLOCK, "block"), (BlockAction.COUNT, "count")):
        program = compiled(Match(methods=("get",)), action)
        (rule,) = [rule for entry in program.objects for rule in entry.document.get("rules", ())]
        assert rule == {
            "id": "blk_1", "part": 1, "mode": mode, "exp": round(ENDS.timestamp() * 1000), "verbs": ["GET"]
        }  # fmt: skip


def test_the_setting_chooses_the_targets_and_a_taken_hook_is_noted():
    stage = Stage(f"{PLACE}/apis/a", "organizations/o/apis/a", "prod")
    hooks = Setting(f"{PLACE}#hooks", "flow_hooks", ["theirs"], {"attached": {"PreProxyFlowHook": "theirs"}})
    snapshot = ConfigSnapshot("apigee", "organizations/o", "o", stages=(stage,), settings=(hooks,))
    assert targets_of(snapshot, "security_actions") == ()
    (target,) = targets_of(snapshot, "both")
    assert (target.ref, target.name, target.service_refs) == (TARGET.ref, "prod", TARGET.service_refs)
    assert "theirs" in target.note
