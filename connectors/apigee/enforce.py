"""Blocks in an environment, by its security actions or by our shared flow: compile, read, write, read back, undo exactly."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from connectors.apigee.actions import ENVIRONMENT
from connectors.apigee.apply import WRITE_ORDER, check_unmoved, check_written, write
from connectors.apigee.client import Organization
from connectors.apigee.compile import compile_program
from connectors.apigee.estate import read_state
from connectors.apigee.flow import pages
from connectors.apigee.flow.apply import FLOW_ORDER, write_flow
from connectors.apigee.flow.compile import compile_flow
from connectors.apigee.flow.state import KIND, PAGE, read_flow
from connectors.apigee.flow.undo import undoable
from connectors.apigee.places import targets_of
from connectors.base.clock import wall_clock
from connectors.base.difference import difference, equal
from connectors.base.enforcement import Applied, Diff, Guard, Program, State, Target, VendorObject
from connectors.base.intent import BlockIntent
from connectors.base.model import ConfigSnapshot

if TYPE_CHECKING:
    from connectors.apigee.manifest import ApigeeSettings
    from connectors.base.identity import Identity
    from connectors.egress import Egress

_ORDER: Final = {**WRITE_ORDER, **FLOW_ORDER}
_NOTES: Final = {
    ENVIRONMENT: "It may take up to ten minutes until Apigee acts on this.",
    KIND: "It may take a minute until every runtime has read the rules.",
}
_SAME: Final[Mapping[str, Callable[[Any, Any], bool]]] = {ENVIRONMENT: equal, KIND: operator.eq}


class Enforce:
    """The enforce capability; a target is the security actions or the shared flow of one environment."""

    def __init__(
        self,
        settings: ApigeeSettings,
        egress: Egress,
        identity: Identity | None = None,
        *,
        clock: Callable[[], datetime] = wall_clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._identity = identity
        self._clock = clock
        self._sleep = sleep
        self._opened: Organization | None = None

    def targets(self, snapshot: ConfigSnapshot) -> Sequence[Target]:
        """The environments by the chosen enforcer, those with most proxies first; none at Edge, which is only read."""
        return () if self._settings.on_edge else targets_of(snapshot, self._settings.enforcer)

    def compile(self, intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
        """Pure: see ``connectors.apigee.compile`` and ``connectors.apigee.flow.compile``."""
        if target.kind == KIND:
            return compile_flow(intents, target, state)
        return compile_program(intents, target, state, self._settings.combined_conditions)

    def read_state(self, target: Target) -> State:
        """What is ours there; the rest as a digest and an outline."""
        read = read_flow if target.kind == KIND else read_state
        return read(self._organization(), target)

    def diff(self, program: Program, state: State) -> Diff:
        """Pure: the ordered writes; empty when applied twice."""
        return difference(program, state, _ORDER, _SAME[program.target.kind])

    def apply(self, diff: Diff, guard: Guard) -> Applied:
        """Write change by change, asking ``guard`` before each, and read back.

        ``ConflictError`` before the first write when an object moved since the difference was made. An error in the
        middle leaves the changes already made.
        """
        before = self.read_state(diff.target)
        if not diff.changes:
            return Applied((), before, before)
        check_unmoved(diff, before)
        for change in diff.changes:
            guard(change)
            if diff.target.kind == KIND:
                write_flow(self._organization(), diff.target, change, self._sleep)
            else:
                write(self._organization(), diff.target.name, change)
        after = self.read_state(diff.target)
        check_written(diff, after, _SAME[diff.target.kind])
        notes: tuple[str, ...] = (_NOTES[diff.target.kind],)
        if after.foreign_digest != before.foreign_digest:
            notes += ("Somebody else changed the environment while we wrote; our changes touch only ours.",)
        return Applied(diff.changes, before, after, notes)

    def restore(self, pre_image: State, guard: Guard) -> Applied:
        """Bring our objects back to ``pre_image``, but for blocks whose time is over; everything else stays as it is now."""
        current = self.read_state(pre_image.target)
        alive, over = self._alive(pre_image)
        notes: tuple[str, ...] = (f"{over} rules had ended and were not put back.",) if over else ()
        if pre_image.target.kind == KIND:
            alive, left = undoable(alive, current)
            notes = (*left, *notes)
        applied = self.apply(self.diff(Program(pre_image.target, alive, ()), current), guard)
        return replace(applied, notes=(*applied.notes, *notes))

    def _alive(self, image: State) -> tuple[tuple[VendorObject, ...], int]:
        """The objects of an image without what has ended, and how much that was."""
        if image.target.kind == KIND:
            return pages.alive(image.objects, PAGE, self._clock())
        alive = tuple(entry for entry in image.objects if self._lives(entry))
        return alive, len(image.objects) - len(alive)

    def _lives(self, entry: VendorObject) -> bool:
        ends = entry.document.get("expireTime")
        return ends is None or datetime.fromisoformat(str(ends)) > self._clock()

    def _organization(self) -> Organization:
        """Opened when Google is first spoken to: compiling needs no key."""
        if self._opened is None:
            self._opened = Organization(self._settings, self._egress, self._identity)
        return self._opened
