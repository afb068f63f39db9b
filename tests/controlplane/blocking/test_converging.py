"""Bringing a vendor to what is wanted: conflicts, foreign objects, intents it does not take. A vendor in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from connectors.base.enforcement import (
    Applied,
    Change,
    ChangeKind,
    Diff,
    Guard,
    Program,
    State,
    Target,
    VendorObject,
)
from connectors.base.errors import (
    ConflictError,
    ConnectorError,
    RefusedError,
    TransientError,
    VendorAnswerError,
)
from connectors.base.intent import BlockAction, BlockIntent, Compiled, Exactness, Match
from connectors.base.model import ConfigSnapshot
from controlplane.blocking.services.converging import Place, converge

TARGET = Target("acl", "acl", "web_acl")


@dataclass
class Memory:
    """A vendor that holds one object per intent."""

    held: dict[str, VendorObject] = field(default_factory=dict)
    conflicts: int = 0
    hated: frozenset[str] = frozenset()
    hate: type[ConnectorError] = VendorAnswerError
    editor: bool = False
    theirs: frozenset[str] = frozenset()
    writes: list[str] = field(default_factory=list)
    edits: int = 0

    def targets(self, snapshot: ConfigSnapshot) -> Sequence[Target]:
        return (TARGET,)

    def read_state(self, target: Target) -> State:
        return State(target, tuple(self.held.values()), (), f"digest-{self.edits}")

    def compile(self, intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
        objects = tuple(
            VendorObject("rule", i.id, i.id, {"action": i.action.value}, ours=i.id not in self.theirs)
            for i in intents
        )
        return Program(target, objects, tuple(Compiled(i.id, Exactness.EXACT) for i in intents))

    def diff(self, program: Program, state: State) -> Diff:
        wanted = {entry.ref: entry for entry in program.objects}
        found = {entry.ref: entry for entry in state.objects}
        changes = [
            Change(ChangeKind.CREATE, "rule", ref, found.get(ref), entry)
            for ref, entry in wanted.items()
            if found.get(ref) != entry
        ]
        changes += [
            Change(ChangeKind.DELETE, "rule", ref, entry, None)
            for ref, entry in found.items()
            if ref not in wanted
        ]
        return Diff(program.target, tuple(changes))

    def apply(self, diff: Diff, guard: Guard) -> Applied:
        before = self.read_state(diff.target)
        if self.conflicts:
            self.conflicts -= 1
            raise ConflictError("somebody was quicker")
        for change in diff.changes:
            guard(change)
            if change.after is not None and change.name in self.hated:
                raise self.hate("not taken")
            self.writes.append(change.name)
            if change.after is None:
                del self.held[change.name]
            else:
                self.held[change.name] = change.after
        self.edits += self.editor
        return Applied(diff.changes, before, self.read_state(diff.target))

    def restore(self, pre_image: State, guard: Guard) -> Applied:
        return self.apply(self.diff(Program(TARGET, pre_image.objects, ()), self.read_state(TARGET)), guard)


def intent(name: str, action: BlockAction = BlockAction.BLOCK) -> BlockIntent:
    match = Match(networks=(ip_network("198.18.4.7/32"),))
    return BlockIntent(name, match, action, datetime(2027, 1, 1, tzinfo=UTC), "test")


def place(vendor: Memory, images: list[State] | None = None) -> Place:
    return Place(vendor, TARGET, (images if images is not None else []).append)


def test_a_conflict_is_read_again_and_made_anew() -> None:
    vendor = Memory(conflicts=4)
    assert converge(place(vendor), [intent("a")], []).changes
    assert set(vendor.held) == {"a"}


@pytest.mark.asvs("15.4.3")
def test_a_conflict_that_does_not_end_is_said() -> None:
    with pytest.raises(ConflictError):
        converge(place(Memory(conflicts=50)), [intent("a")], [])


def test_what_is_not_ours_is_never_written() -> None:
    vendor = Memory(theirs=frozenset({"a"}))
    with pytest.raises(RefusedError, match="not ours"):
        converge(place(vendor), [intent("a")], [])
    assert vendor.writes == []


def test_a_foreign_change_while_we_wrote_is_an_alarm() -> None:
    assert converge(place(Memory(editor=True)), [intent("a")], []).foreign_changed
    assert not converge(place(Memory()), [intent("a")], []).foreign_changed


def test_the_image_is_taken_before_the_first_write_and_not_without_one() -> None:
    images: list[State] = []
    vendor = Memory()
    converge(place(vendor, images), [], [intent("a")])
    converge(place(vendor, images), [intent("a")], [])
    assert [state.objects for state in images] == [()]


@pytest.mark.parametrize("hate", [VendorAnswerError, RefusedError])
def test_an_intent_that_is_not_taken_fails_alone(hate: type[ConnectorError]) -> None:
    vendor = Memory(hated=frozenset({"bad"}), hate=hate)
    vendor.held["old"] = VendorObject("rule", "old", "old", {"action": "block"})
    done = converge(place(vendor), [intent("a")], [intent("bad"), intent("c")])
    assert set(vendor.held) == {"a", "c"}
    assert set(done.failures) == {"bad"}


def test_a_vendor_that_fails_for_new_objects_only_still_loses_the_old_ones() -> None:
    vendor = Memory(hated=frozenset({"new"}), hate=TransientError)
    vendor.held["old"] = VendorObject("rule", "old", "old", {"action": "block"})
    done = converge(place(vendor), [], [intent("new")])
    assert vendor.held == {}
    assert isinstance(done.failures["new"], TransientError)


def test_twice_is_once() -> None:
    vendor = Memory()
    converge(place(vendor), [], [intent("a")])
    assert converge(place(vendor), [intent("a")], []).changes == ()
    assert vendor.writes == ["a"]
