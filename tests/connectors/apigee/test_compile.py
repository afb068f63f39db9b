"""What a security action can say is said exactly; what it cannot is refused or named."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.apigee.compile import compile_program
from connectors.apigee.packs import packed
from connectors.base.enforcement import State, Target, VendorObject
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match

ENDS = datetime(2996, 12, 1, 10, 7, 30, tzinfo=UTC)
PLACE = "organizations/o/environments/prod"
TARGET = Target(
    PLACE, "prod", "environment", tuple(f"{PLACE}/apis/{name}" for name in ("orders", "mixed", "all"))
)
PROXIES = {"orders": ["/v1/orders"], "mixed": ["/v1/a", "/b"], "all": ["/"]}
NETWORK = ip_network("198.51.100.0/24")


def environment(objects=(), **members):
    document = {
        "secured": True, "enabled": True, "hybrid": False, "proxies": PROXIES, "allows": [], "enabled_actions": 0,
        "scoped_actions": 0,
    } | members  # fmt: skip
    return State(
        TARGET, tuple(objects), (VendorObject("environment", PLACE, "prod", document, ours=False),), "x"
    )


def block(match, action=BlockAction.BLOCK, number=1, ends=ENDS):
    return BlockIntent(f"blk_{number}", match, action, ends, "test")


def compiled(*intents, state=None, combined=False):
    return compile_program(intents, TARGET, state or environment(), combined)


@pytest.mark.parametrize(
    ("match", "action", "reason"),
    [
        (Match(), BlockAction.BLOCK, "every request"),
        (Match(principals=("k",)), BlockAction.BLOCK, "name the app"),
        (Match(ja4=("t",)), BlockAction.BLOCK, "fingerprint"),
        (Match(hosts=("h",)), BlockAction.BLOCK, "host"),
        (Match(headers=(HeaderMatch("x-a", "1"),)), BlockAction.BLOCK, "x-a"),
        (Match(headers=(HeaderMatch("User-Agent", "a", "contains"),)), BlockAction.BLOCK, "whole user agent"),
        (Match(headers=(HeaderMatch("User-Agent", "a", "prefix"),)), BlockAction.BLOCK, "whole user agent"),
        (
            Match(headers=(HeaderMatch("User-Agent", "a"), HeaderMatch("user-agent", "b"))),
            BlockAction.BLOCK,
            "at once",
        ),
        (Match(methods=("PURGE",)), BlockAction.BLOCK, "PURGE"),
        (Match(networks=(NETWORK,)), BlockAction.RATE_LIMIT, "SpikeArrest"),
        (Match(networks=(NETWORK,)), BlockAction.CHALLENGE, "challenge"),
        (Match(networks=(NETWORK,), methods=("GET",), asns=(1,)), BlockAction.BLOCK, "at most 2 kinds"),
        (Match(consumers=("app", "dev@example.com")), BlockAction.BLOCK, "two blocks"),
        (Match(path_templates=("/v1/orders/{id}",)), BlockAction.BLOCK, "whole proxies"),
        (Match(path_templates=("/{a}/orders/{rest+}",)), BlockAction.BLOCK, "whole proxies"),
        (Match(path_templates=("/v1/a/{rest+}",)), BlockAction.BLOCK, "mixed"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason_and_nothing_is_wanted(match, action, reason):
    program = compiled(block(match, action))
    (outcome,) = program.outcomes
    assert outcome.exactness == "refused"
    assert reason in outcome.reasons[0]
    assert program.objects == ()
    assert {ref for ref, _ in outcome.coverage.uncovered} == set(TARGET.service_refs)


@pytest.mark.parametrize(
    ("members", "word"), [({"secured": False}, "add-on"), ({"enabled": False}, "Switch security actions on")]
)
def test_where_actions_are_not_in_force_blocks_are_refused_with_what_to_switch_on(members, word):
    program = compiled(block(Match(networks=(NETWORK,))), state=environment(**members))
    assert program.outcomes[0].exactness == "refused"
    assert word in program.outcomes[0].reasons[0]


def test_hybrid_combines_conditions_only_when_the_settings_say_so():
    both = block(Match(networks=(NETWORK,), methods=("GET",)))
    assert compiled(both, state=environment(hybrid=True)).outcomes[0].exactness == "refused"
    assert compiled(both, state=environment(hybrid=True), combined=True).outcomes[0].exactness == "exact"
    assert (
        compiled(block(Match(methods=("GET",))), state=environment(hybrid=True)).outcomes[0].exactness
        == "exact"
    )


def test_every_action_ends_by_itself_never_before_its_block_does():
    single, shared = block(Match(methods=("GET",))), block(Match(networks=(NETWORK,)), number=2)
    ends = {
        next(iter(entry.document["conditionConfig"])): entry.document["expireTime"]
        for entry in compiled(single, shared).objects
    }
    assert ends == {"httpMethods": "2996-12-01T10:07:30Z", "ipAddressRanges": "2996-12-01T10:10:00Z"}


def test_networks_share_actions_by_effect_and_end_a_hundred_to_an_action():
    many = tuple(ip_network(f"10.0.{number}.0/25") for number in range(150))
    program = compiled(
        block(Match(networks=many)),
        block(Match(networks=(NETWORK,)), number=2, ends=ENDS + timedelta(seconds=60)),
        block(Match(networks=(NETWORK,)), number=3, ends=ENDS + timedelta(hours=1)),
        block(Match(networks=(NETWORK,)), BlockAction.COUNT, number=4),
    )
    sizes = sorted(len(entry.document["conditionConfig"]["ipAddressRanges"]) for entry in program.objects)
    assert sizes == [1, 1, 51, 100]


def test_a_counted_block_flags_and_says_that_targets_see_it():
    program = compiled(block(Match(methods=("GET",)), BlockAction.COUNT))
    assert program.outcomes[0].exactness == "approximated"
    assert "x-portcullis-count" in program.outcomes[0].reasons[0]
    assert "deny" not in program.objects[0].document


def test_an_allow_of_the_customer_is_named():
    outcome = compiled(block(Match(networks=(NETWORK,))), state=environment(allows=["office"])).outcomes[0]
    assert outcome.exactness == "approximated"
    assert "office" in outcome.reasons[-1]


def test_addresses_that_a_caller_can_forge_are_named():
    state = environment(forgeable_addresses=True)
    by_address, by_method = block(Match(networks=(NETWORK,))), block(Match(methods=("GET",)), number=2)
    first, second = compiled(by_address, by_method, state=state).outcomes
    assert first.exactness == "approximated"
    assert "evaded" in first.reasons[0]
    assert second.exactness == "exact"


def test_whole_proxies_are_stopped_for_every_method_and_what_is_left_is_told():
    program = compiled(block(Match(path_templates=("/v1/{rest+}",))))
    (outcome,), (entry,) = program.outcomes, program.objects
    assert entry.document["apiProxies"] == ["orders"]
    assert len(entry.document["conditionConfig"]["httpMethods"]) == 9
    assert outcome.exactness == "approximated"
    assert outcome.coverage.covered == (f"{PLACE}/apis/orders",)
    assert {ref for ref, _ in outcome.coverage.uncovered} == {f"{PLACE}/apis/all", f"{PLACE}/apis/mixed"}


def test_a_full_environment_refuses_and_keeps_what_fits():
    state = environment(enabled_actions=988)
    blocks = [block(Match(methods=(method,)), number=n) for n, method in enumerate(("GET", "PUT", "POST"))]
    outcomes = [outcome.exactness for outcome in compiled(*blocks, state=state).outcomes]
    assert outcomes == ["exact", "exact", "refused"]
    scoped = block(Match(path_templates=("/v1/orders/{rest+}",)))
    assert compiled(scoped, state=environment(scoped_actions=100)).outcomes[0].exactness == "refused"


def test_twenty_thousand_blocks_of_networks_compile_in_seconds_and_settle():
    blocks = [
        block(Match(networks=(ip_network(f"10.{n // 256}.{n % 256}.0/24"),)), number=n) for n in range(20_000)
    ]
    started = time.process_time()
    first = compiled(*blocks)
    again = compiled(*blocks, state=environment(first.objects))
    assert time.process_time() - started < 20
    assert len(first.objects) == 200
    assert again.objects == first.objects


def test_what_does_not_fit_is_refused_and_the_rest_stays():
    blocks = [block(Match(networks=(ip_network(f"10.0.{n}.0/24"),)), number=n) for n in range(250)]
    outcomes = compiled(*blocks, state=environment(enabled_actions=988)).outcomes
    assert sum(outcome.exactness == "exact" for outcome in outcomes) == 200


texts = st.lists(
    st.integers(0, 400).map(lambda n: f"10.{n // 256}.{n % 256}.0/24"), unique=True, max_size=350
)


@given(before=texts, after=texts)
def test_packs_hold_all_networks_once_stay_within_limits_and_settle(before, after):
    standing = packed(sorted(before), {})
    found = packed(sorted(after), standing)
    held = [text for pack in found.values() for text in pack]
    assert sorted(held) == sorted(after)
    assert all(1 <= len(pack) <= 100 for pack in found.values())
    assert len(found) == -(-len(after) // 100)
    assert packed(sorted(after), found) == found
    for number in found.keys() & standing.keys():
        gone = set(standing[number]) - set(found[number])
        assert not gone & set(after), "a network that is still wanted left an action that stays"
