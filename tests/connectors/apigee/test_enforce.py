"""Only our own actions are written, only as they were read, and they end by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from connectors.apigee.config import Config
from connectors.apigee.enforce import Enforce
from connectors.base.enforcement import Program
from connectors.base.errors import ConflictError, RefusedError, SettingsError
from connectors.base.intent import BlockAction, BlockIntent, Match
from tests.connectors.apigee.world import NAME
from tests.documented import commands, run

ENDS = datetime(2996, 12, 1, tzinfo=UTC)
ADDRESS = "198.51.100.7"


def allow(change):
    """A guard that lets every change pass."""


def block(ends=ENDS, action=BlockAction.BLOCK):
    return BlockIntent("blk_1", Match(networks=(ip_network(ADDRESS),)), action, ends, "test")


@pytest.fixture
def enforce(gateway):
    return Enforce(gateway.settings(), gateway.egress)


@pytest.fixture
def target(gateway, enforce):
    return enforce.targets(Config(gateway.settings(), gateway.egress).read_config())[0]


def push(enforce, target, *blocks):
    state = enforce.read_state(target)
    return enforce.apply(enforce.diff(enforce.compile(blocks, target, state), state), allow)


def test_a_block_answers_403_and_its_end_is_in_the_object(gateway, enforce, target):
    push(enforce, target, block())
    assert gateway.ask("/catalog/products", address=ADDRESS) == 403
    assert gateway.ask("/catalog/products", address="198.51.100.8") == 502
    (action,) = gateway.actions().values()
    assert action["expireTime"].startswith("2996-12-01T00:00:00")
    push(enforce, target)
    assert gateway.actions() == {}
    assert gateway.ask("/catalog/products", address=ADDRESS) == 502


def test_a_counted_request_goes_on(gateway, enforce, target):
    push(enforce, target, block(action=BlockAction.COUNT))
    assert gateway.ask("/catalog/products", address=ADDRESS) == 502


def test_the_customers_actions_are_never_touched_though_their_name_is_like_ours(gateway, enforce, target):
    gateway.act("portcullis-theirs", description="made by hand")
    gateway.act("office", allow={})
    before = gateway.actions()
    push(enforce, target, block())
    push(enforce, target)
    assert gateway.actions() == before


def test_an_action_that_somebody_changed_is_not_overwritten(gateway, enforce, target):
    push(enforce, target, block())
    state = enforce.read_state(target)
    ending = enforce.diff(Program(target, (), ()), state)
    (name,) = gateway.actions()
    place = f"/environments/prod/securityActions/{name}?updateMask=deny"
    gateway.owner("PATCH", place, {"deny": {"responseCode": 429}})
    with pytest.raises(ConflictError):
        enforce.apply(ending, allow)
    assert list(gateway.actions()) == [name]


def test_an_action_that_lost_our_mark_between_reading_and_writing_is_left_alone(gateway, enforce, target):
    push(enforce, target, block())
    ending = enforce.diff(Program(target, (), ()), enforce.read_state(target))
    (name,) = gateway.actions()

    def meddle(change):
        place = f"/environments/prod/securityActions/{name}?updateMask=description"
        gateway.owner("PATCH", place, {"description": "mine now"})

    with pytest.raises(RefusedError, match="not ours any more"):
        enforce.apply(ending, meddle)
    assert gateway.actions()[name]["description"] == "mine now"


def test_an_action_of_our_name_made_by_somebody_else_is_a_conflict(gateway, enforce, target):
    state = enforce.read_state(target)
    diff = enforce.diff(enforce.compile([block()], target, state), state)
    gateway.act(diff.changes[0].name, description="taken")
    with pytest.raises(ConflictError):
        enforce.apply(diff, allow)
    assert gateway.actions()[diff.changes[0].name]["description"] == "taken"


def test_an_action_that_was_switched_off_is_switched_on_again(gateway, enforce, target):
    push(enforce, target, block())
    (name,) = gateway.actions()
    gateway.owner("POST", f"/environments/prod/securityActions/{name}:disable", {})
    assert gateway.ask("/catalog/products", address=ADDRESS) == 502
    applied = push(enforce, target, block())
    assert [change.kind for change in applied.changes] == ["update"]
    assert gateway.ask("/catalog/products", address=ADDRESS) == 403


def test_a_block_that_somebody_narrowed_is_made_whole_again(gateway, enforce, target):
    push(enforce, target, block())
    (name,) = gateway.actions()
    place = f"/environments/prod/securityActions/{name}?updateMask=apiProxies"
    gateway.owner("PATCH", place, {"apiProxies": ["payments"]})
    assert gateway.ask("/catalog/products", address=ADDRESS) == 502
    push(enforce, target, block())
    assert gateway.ask("/catalog/products", address=ADDRESS) == 403
    assert "apiProxies" not in gateway.actions()[name]


def test_the_documented_commands_undo_everything_without_us(gateway, enforce, target, tmp_path):
    gateway.act("portcullis-theirs", description="made by hand")
    before = gateway.actions()
    push(enforce, target, block(), replace(block(), id="blk_2", match=Match(methods=("TRACE",))))
    assert len(gateway.actions()) == 3
    (script,) = commands("apigee")
    run(script, tmp_path, ROOT=f"{gateway.base}/v1/{NAME}/environments/prod", TOKEN=gateway.token)
    assert gateway.actions() == before
    assert enforce.read_state(target).objects == ()


def test_undo_does_not_put_back_a_block_whose_time_is_over(gateway, enforce, target):
    ends = datetime.now(UTC) + timedelta(minutes=10)
    push(enforce, target, block(ends))
    ended = push(enforce, target)
    later = Enforce(gateway.settings(), gateway.egress, clock=lambda: ends + timedelta(hours=1))
    restored = later.restore(ended.before, allow)
    assert restored.after.objects == ()
    assert "ended" in restored.notes[-1]
    assert enforce.restore(ended.before, allow).after.objects == ended.before.objects


def test_with_the_switch_off_a_block_is_refused_in_words(gateway, enforce, target):
    gateway.owner("PATCH", "/environments/prod/securityActionsConfig", {"enabled": False})
    state = enforce.read_state(target)
    (outcome,) = enforce.compile([block()], target, state).outcomes
    assert outcome.exactness == "refused"
    assert "switched off" in outcome.reasons[0]


def test_a_state_that_cannot_be_read_whole_is_an_error(gateway, target):
    narrow = Enforce(gateway.settings(permissions=["apigee.organizations.get"]), gateway.egress)
    with pytest.raises(SettingsError):
        narrow.read_state(target)
