"""Blocks as security actions of an environment: compile, read, compare, write, read back, and undo exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from connectors.apigee.actions import ENVIRONMENT
from connectors.apigee.apply import WRITE_ORDER, check_unmoved, check_written, write
from connectors.apigee.client import Organization
from connectors.apigee.compile import compile_program
from connectors.apigee.estate import read_state
from connectors.base.clock import wall_clock
from connectors.base.difference import difference, equal
from connectors.base.enforcement import Applied, Diff, Guard, Program, State, Target, VendorObject
from connectors.base.intent import BlockIntent
from connectors.base.model import ConfigSnapshot, WafPolicy

if TYPE_CHECKING:
    from connectors.apigee.manifest import ApigeeSettings
    from connectors.base.identity import Identity
    from connectors.egress import Egress

_OFF: Final = "Security actions are not in force in this environment: blocks are refused."
_NOTHING: Final = "No proxy is deployed in it: blocks have no effect."


class Enforce:
    """The enforce capability; a target is one environment."""

    def __init__(
        self,
        settings: ApigeeSettings,
        egress: Egress,
        identity: Identity | None = None,
        *,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._identity = identity
        self._clock = clock
        self._opened: Organization | None = None

    def targets(self, snapshot: ConfigSnapshot) -> Sequence[Target]:
        """The environments, those with most proxies first."""
        found = [_target(policy) for policy in snapshot.waf_policies]
        return tuple(sorted(found, key=lambda target: (-len(target.service_refs), target.ref)))

    def compile(self, intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
        """Pure: see ``connectors.apigee.compile``."""
        return compile_program(intents, target, state, self._settings.combined_conditions)

    def read_state(self, target: Target) -> State:
        """Our security actions; the others as a digest and an outline."""
        return read_state(self._organization(), target)

    def diff(self, program: Program, state: State) -> Diff:
        """Pure: the ordered writes; empty when applied twice."""
        return difference(program, state, WRITE_ORDER, equal)

    def apply(self, diff: Diff, guard: Guard) -> Applied:
        """Write change by change, asking ``guard`` before each, and read back.

        ``ConflictError`` before the first write when an action moved since the difference was made. An error in the
        middle leaves the changes already made.
        """
        before = self.read_state(diff.target)
        if not diff.changes:
            return Applied((), before, before)
        check_unmoved(diff, before)
        for change in diff.changes:
            guard(change)
            write(self._organization(), diff.target.name, change)
        after = self.read_state(diff.target)
        check_written(diff, after)
        notes: tuple[str, ...] = ("It may take up to ten minutes until Apigee acts on this.",)
        if after.foreign_digest != before.foreign_digest:
            notes += ("Somebody else changed security actions while we wrote; our changes touch only ours.",)
        return Applied(diff.changes, before, after, notes)

    def restore(self, pre_image: State, guard: Guard) -> Applied:
        """Bring our actions back to ``pre_image``, but for those whose time is over; everything else stays as it is now."""
        current = self.read_state(pre_image.target)
        alive = tuple(entry for entry in pre_image.objects if self._lives(entry))
        applied = self.apply(self.diff(Program(pre_image.target, alive, ()), current), guard)
        over = len(pre_image.objects) - len(alive)
        if not over:
            return applied
        return replace(
            applied, notes=(*applied.notes, f"{over} security actions had ended and were not put back.")
        )

    def _lives(self, entry: VendorObject) -> bool:
        ends = entry.document.get("expireTime")
        return ends is None or datetime.fromisoformat(str(ends)) > self._clock()

    def _organization(self) -> Organization:
        """Opened when Google is first spoken to: compiling needs no key."""
        if self._opened is None:
            self._opened = Organization(self._settings, self._egress, self._identity)
        return self._opened


def _target(policy: WafPolicy) -> Target:
    note = "" if policy.evidence.get("in_force") else _OFF
    note = note or ("" if policy.attached_to else _NOTHING)
    ref = policy.ref.removesuffix("/securityActions")
    return Target(ref, policy.scope, ENVIRONMENT, policy.attached_to, note)
