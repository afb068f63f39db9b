"""Bring a vendor to what a plan says: read → compile → diff → write under the vendor's lock → read back.

No database here. What stands and what leaves never waits for a new intent the vendor does not take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from connectors.base.capabilities import Enforcer
from connectors.base.enforcement import OWNERSHIP_PREFIX, Change, Program, State, Target
from connectors.base.errors import (
    ConflictError,
    ConnectorError,
    RefusedError,
    TransientError,
    VendorAnswerError,
)
from connectors.base.intent import BlockAction, BlockIntent

_CONFLICT_TRIES: Final = 5
#: New intents tried one by one in a round after they failed together.
_SINGLE_TRIES: Final = 10


@dataclass(frozen=True, slots=True)
class Converged:
    """A target after a push: ``first`` as it was found, ``after`` as it was read back; failures by intent id."""

    program: Program
    first: State
    after: State
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    foreign_changed: bool = False
    observed: frozenset[str] = frozenset()  # counting intents for which the vendor holds nothing: we count
    failures: Mapping[str, ConnectorError] = field(default_factory=dict)


def guard(change: Change) -> None:
    """The last check before each write: only our own objects. Raises ``RefusedError``."""
    for side in (change.before, change.after):
        if side is not None and not side.ours:
            raise RefusedError(
                f"{change.object_kind} {change.name} is not ours ({OWNERSHIP_PREFIX} mark missing)."
            )


@dataclass(frozen=True, slots=True)
class Place:
    """A target with its connector; ``remember`` is given what was found there before the first write."""

    enforcer: Enforcer
    target: Target
    remember: Callable[[State], None]


def converge(place: Place, standing: Sequence[BlockIntent], fresh: Sequence[BlockIntent]) -> Converged:
    """Make exactly ``standing`` and ``fresh`` stand there.

    Raises ``ConnectorError`` when the vendor cannot be brought to what stands and leaves; a fresh intent it does not
    take is a failure of that intent only.
    """
    try:
        return _round(place, [*standing, *fresh])
    except ConnectorError as error:
        if not fresh:
            raise
        together = error
    failures: dict[str, ConnectorError] = {intent.id: together for intent in fresh}
    kept = list(standing)
    done = _round(place, kept)
    if len(fresh) > 1 and not isinstance(together, TransientError | ConflictError):
        for intent in fresh[:_SINGLE_TRIES]:
            try:
                done = _round(place, [*kept, intent])
            except (TransientError, ConflictError):
                raise
            except ConnectorError as error:
                failures[intent.id] = error
                done = _round(place, kept)
            else:
                kept.append(intent)
                del failures[intent.id]
    return replace(done, failures=failures)


def _round(place: Place, intents: Sequence[BlockIntent]) -> Converged:
    """One read, diff and write; read and made anew when somebody else was quicker."""
    for attempt in range(1, _CONFLICT_TRIES + 1):
        state = place.enforcer.read_state(place.target)
        program = place.enforcer.compile(intents, place.target, state)
        diff = place.enforcer.diff(program, state)
        if not diff.changes:
            return Converged(program, state, state, (), observed=_observed(place, intents, state))
        place.remember(state)
        try:
            applied = place.enforcer.apply(diff, guard)
        except ConflictError:
            if attempt == _CONFLICT_TRIES:
                raise
            continue
        left = place.enforcer.diff(program, applied.after).changes
        if left:
            names = ", ".join(change.name for change in left[:3])
            raise VendorAnswerError(
                f"Read back, the target does not show {names} as wanted.",
                unchanged="The rest was written.",
                action="It is read and written again.",
            )
        moved = applied.before.foreign_digest != applied.after.foreign_digest
        observed = _observed(place, intents, state)
        return Converged(program, state, applied.after, applied.changes, applied.notes, moved, observed)
    raise AssertionError("unreachable: the loop returns or raises")


def _observed(place: Place, intents: Sequence[BlockIntent], state: State) -> frozenset[str]:
    return frozenset(
        intent.id
        for intent in intents
        if intent.action is BlockAction.COUNT
        and not place.enforcer.compile([intent], place.target, state).objects
    )
