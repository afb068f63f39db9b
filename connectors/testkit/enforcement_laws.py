"""The laws of blocking, checked on a running double: pure, idempotent, ours alone, exactly undone."""

from __future__ import annotations

import copy
from typing import Any

from connectors.base.capabilities import Capability, Enforcer
from connectors.base.enforcement import OWNERSHIP_PREFIX, Change, Program, State, Target
from connectors.base.errors import RefusedError
from connectors.base.intent import Exactness
from connectors.testkit.conformance import Subject


def check_enforcement(subject: Subject) -> None:
    """Every law, one after the other, on the subject's first target; the double is left as it was."""
    enforce: Enforcer = subject.make(Capability.ENFORCE)
    snapshot = subject.make(Capability.CONFIG).read_config()
    targets = enforce.targets(snapshot)
    assert targets, f"{subject.key}: there is no target to push to"
    target = targets[0]
    untouched = enforce.read_state(target)
    program = _check_compile(subject, enforce, target, untouched)
    try:
        _check_guard(subject, enforce, program, untouched)
        _check_apply(subject, enforce, program, untouched)
        _check_shrinking(subject, enforce, target, untouched)
        _check_restore(subject, enforce, program, untouched)
    finally:
        enforce.apply(enforce.diff(Program(target, (), ()), enforce.read_state(target)), _allow)
    _check_removed(subject, enforce, target, untouched)


def _allow(change: Change) -> None:
    """A guard that lets every change pass."""


def _check_compile(subject: Subject, enforce: Enforcer, target: Target, state: State) -> Program:
    """Pure and deterministic; one outcome per intent; what is not exact is explained."""
    before = copy.deepcopy(state)
    intents = list(subject.intents)
    program = enforce.compile(intents, target, state)
    assert state == before, f"{subject.key}: compile changed the state it was given"
    assert program == enforce.compile(intents, target, state), f"{subject.key}: compile is not deterministic"
    turned = enforce.compile(intents[::-1], target, state)
    assert turned.objects == program.objects, f"{subject.key}: the order of intents changes the objects"
    outcomes = {outcome.intent_id: outcome for outcome in program.outcomes}
    assert outcomes.keys() == {intent.id for intent in intents}, f"{subject.key}: not one outcome per intent"
    for outcome in outcomes.values():
        exact = outcome.exactness is Exactness.EXACT
        assert exact or outcome.reasons, (
            f"{subject.key}: {outcome.intent_id} is {outcome.exactness} without a reason"
        )
        refused = outcome.exactness is Exactness.REFUSED
        assert not refused, f"{subject.key}: {outcome.intent_id} was refused: {outcome.reasons}"
    assert program.objects, f"{subject.key}: the intents gave no object"
    return program


def _check_guard(subject: Subject, enforce: Enforcer, program: Program, state: State) -> None:
    """A guard that says no stops the push before the first write."""

    def refuse(change: Change) -> None:
        raise RefusedError("The test's guard says no.")

    try:
        enforce.apply(enforce.diff(program, state), refuse)
    except RefusedError:
        pass
    else:
        raise AssertionError(f"{subject.key}: the guard was not asked")
    now = enforce.read_state(program.target)
    assert _documents(now) == _documents(state), f"{subject.key}: something was written past the guard"


def _check_apply(subject: Subject, enforce: Enforcer, program: Program, state: State) -> None:
    """What was wanted is there afterwards; twice is once; everything foreign is as before."""
    applied = enforce.apply(enforce.diff(program, state), _allow)
    assert applied.changes, f"{subject.key}: nothing was written"
    assert applied.after.objects, f"{subject.key}: nothing of ours was read back"
    for entry in applied.after.objects:
        marked = OWNERSHIP_PREFIX in f"{entry.name} {entry.document} {entry.kind}" or entry.kind == "entries"
        assert marked, f"{subject.key}: {entry.kind} {entry.name} does not carry our mark"
    now = enforce.read_state(program.target)
    again = enforce.diff(enforce.compile(list(subject.intents), program.target, now), now)
    assert not again.changes, f"{subject.key}: a second push would write {again.changes}"
    _check_foreign(subject, state, now)


def _check_shrinking(subject: Subject, enforce: Enforcer, target: Target, untouched: State) -> None:
    """When one block ends, the others stay."""
    if len(subject.intents) < 2:
        return
    rest = list(subject.intents)[1:]
    state = enforce.read_state(target)
    enforce.apply(enforce.diff(enforce.compile(rest, target, state), state), _allow)
    now = enforce.read_state(target)
    again = enforce.diff(enforce.compile(rest, target, now), now)
    assert not again.changes, f"{subject.key}: the remaining blocks are not in place"
    assert now.objects, f"{subject.key}: ending one block ended all"
    _check_foreign(subject, untouched, now)


def _check_restore(subject: Subject, enforce: Enforcer, program: Program, untouched: State) -> None:
    """Undo brings our objects back exactly, from more to fewer and from fewer to more."""
    before = enforce.read_state(program.target)
    full = enforce.compile(list(subject.intents), program.target, before)
    applied = enforce.apply(enforce.diff(full, before), _allow)
    restored = enforce.restore(applied.before, _allow)
    assert _documents(restored.after) == _documents(before), f"{subject.key}: undo did not restore the state"
    again = enforce.restore(applied.after, _allow)
    assert _documents(again.after) == _documents(applied.after), (
        f"{subject.key}: redo did not restore the state"
    )
    _check_foreign(subject, untouched, again.after)


def _check_removed(subject: Subject, enforce: Enforcer, target: Target, untouched: State) -> None:
    """An empty program removes everything of ours and nothing else."""
    now = enforce.read_state(target)
    assert _documents(now) == _documents(untouched), f"{subject.key}: an empty program left something behind"
    _check_foreign(subject, untouched, now)


def _check_foreign(subject: Subject, before: State, after: State) -> None:
    assert before.foreign_digest, f"{subject.key}: the state has no digest of what is not ours"
    same = before.foreign_digest == after.foreign_digest
    assert same, f"{subject.key}: something that is not ours changed"


def _documents(state: State) -> list[tuple[str, str, dict[str, Any]]]:
    found = [(entry.kind, entry.ref, dict(entry.document)) for entry in state.objects]
    return sorted(found, key=lambda entry: entry[:2])
