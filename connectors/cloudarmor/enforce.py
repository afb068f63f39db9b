"""Blocks in Cloud Armor policies: compile, read, compare, write, read back, and undo exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from connectors.base.difference import difference
from connectors.base.enforcement import Applied, Diff, Guard, Program, State, Target
from connectors.base.intent import BlockIntent
from connectors.base.model import ConfigSnapshot, WafPolicy
from connectors.cloudarmor.apply import WRITE_ORDER, check_unmoved, check_written, write
from connectors.cloudarmor.client import Project
from connectors.cloudarmor.compile import compile_program
from connectors.cloudarmor.draft import Layout
from connectors.cloudarmor.estate import read_state
from connectors.cloudarmor.rules import POLICY

if TYPE_CHECKING:
    from connectors.base.identity import Identity
    from connectors.cloudarmor.manifest import CloudArmorSettings
    from connectors.egress import Egress

_NOTHING: Final = "It is attached to no backend service: blocks have no effect."
_UNKNOWN: Final = "What it protects is not known."


class Enforce:
    """The enforce capability; a target is one security policy of backend services, global or regional."""

    def __init__(
        self,
        settings: CloudArmorSettings,
        egress: Egress,
        identity: Identity | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._identity = identity
        self._sleep = sleep
        self._opened: Project | None = None

    def targets(self, snapshot: ConfigSnapshot) -> Sequence[Target]:
        """The policies of backend services, those that protect most first; edge and network policies take other rules."""
        found = [_target(policy) for policy in snapshot.waf_policies if policy.writable]
        return tuple(sorted(found, key=lambda target: (-len(target.service_refs), target.ref)))

    def compile(self, intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
        """Pure: see ``connectors.cloudarmor.compile``."""
        settings = self._settings
        layout = Layout(
            settings.first_priority, settings.rate_priority, settings.priorities, settings.enterprise
        )
        return compile_program(intents, target, state, layout)

    def read_state(self, target: Target) -> State:
        """Our rules and address groups; everything else of the policy as a digest and an outline."""
        return read_state(self._project(), target, self._settings.enterprise)

    def diff(self, program: Program, state: State) -> Diff:
        """Pure: the ordered writes; empty when applied twice."""
        return difference(program, state, WRITE_ORDER)

    def apply(self, diff: Diff, guard: Guard) -> Applied:
        """Write change by change, asking ``guard`` before each, and read back.

        ``ConflictError`` before the first write when an object moved since the difference was made, or when another
        rule stands at the priority of a new one. An error in the middle leaves the changes already made.
        """
        before = self.read_state(diff.target)
        if not diff.changes:
            return Applied((), before, before)
        check_unmoved(diff, before)
        for change in diff.changes:
            guard(change)
            write(self._project(), diff.target.ref, change)
        after = self.read_state(diff.target)
        check_written(diff, after)
        notes: tuple[str, ...] = ()
        if after.foreign_digest != before.foreign_digest:
            notes = ("Somebody else changed this policy while we wrote; our changes touch only our rules.",)
        return Applied(diff.changes, before, after, notes)

    def restore(self, pre_image: State, guard: Guard) -> Applied:
        """Bring our rules and address groups back to ``pre_image``; everything else stays as it is now."""
        current = self.read_state(pre_image.target)
        wanted = Program(pre_image.target, pre_image.objects, ())
        return self.apply(difference(wanted, current, WRITE_ORDER), guard)

    def _project(self) -> Project:
        """Opened when Google is first spoken to: compiling needs no key."""
        if self._opened is None:
            self._opened = Project(self._settings, self._egress, self._identity, sleep=self._sleep)
        return self._opened


def _target(policy: WafPolicy) -> Target:
    note = "" if policy.attached_to else _NOTHING if policy.attachments_known else _UNKNOWN
    return Target(policy.ref, policy.name, POLICY, policy.attached_to, note)
