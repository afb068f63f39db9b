"""The tests notice a broken product: each case takes one safety out and sees what stands where it must not.

The only place that replaces parts of our own code: the replaced part is the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from controlplane.blocking.services import approving, converging, planning, push
from controlplane.blocking.services.planning import Plan
from controlplane.blocking.types import TargetRef
from tests.controlplane.blocking.conftest import Kong
from tests.controlplane.blocking.test_converging import Memory, intent, place
from tests.controlplane.blocking.test_machine import PEOPLE, Lives


def every_gate_agrees(*_: Any) -> str:
    return ""


def time_stands_still(ref: TargetRef, now: datetime) -> Plan:
    return planning.plan(ref, now - timedelta(seconds=60))


@pytest.fixture
def lives(kong: Kong) -> Iterator[Lives]:
    """The machine of random lives, driven by hand."""
    machine: Lives = type("LivesOnKong", (Lives,), {"kong": kong})()
    machine.begin()
    yield machine
    transaction.set_rollback(True)
    machine.outer.__exit__(None, None, None)


def test_without_gates_at_push_the_machine_fails(lives: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    block = lives.create("block", False, PEOPLE[0])
    lives.what_stands_is_what_may_stand()
    monkeypatch.setattr(planning, "_refusal", every_gate_agrees)
    lives.protect(block)
    with pytest.raises(AssertionError, match="stands: True"):
        lives.what_stands_is_what_may_stand()
    monkeypatch.undo()
    lives.push()
    lives.what_stands_is_what_may_stand()


def test_without_a_look_at_the_clock_the_machine_fails(lives: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    block = lives.create("block", False, PEOPLE[0])
    monkeypatch.setattr(push, "plan", time_stands_still)
    lives.expire(block, swept=False)
    lives.push()
    with pytest.raises(AssertionError, match="stands: True"):
        lives.what_stands_is_what_may_stand()
    monkeypatch.undo()
    lives.push()
    lives.what_stands_is_what_may_stand()


def test_without_the_guard_foreign_objects_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converging, "guard", lambda change: None)
    vendor = Memory(theirs=frozenset({"a"}))
    converging.converge(place(vendor), [intent("a")], [])
    assert vendor.writes == ["a"], "what test_what_is_not_ours_is_never_written would see"


def test_without_the_comparison_an_approval_covers_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    from controlplane.blocking.models import Block

    held = Block(needs_approval=True, approved_by="owner", approved_hash="other")
    monkeypatch.setattr(approving, "fingerprint", lambda block: "this")
    assert not approving.is_approved(held)
    monkeypatch.setattr(approving, "fingerprint", lambda block: "other")
    assert approving.is_approved(held)
