"""Blocks on a Kong workspace: compile, read, compare, write, read back, and undo exactly."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.base.difference import difference
from connectors.base.enforcement import Applied, Diff, Guard, Program, State, Target
from connectors.base.intent import BlockIntent
from connectors.base.model import ConfigSnapshot
from connectors.egress import Egress
from connectors.kong.apply import WRITE_ORDER, check_unmoved, check_written, write
from connectors.kong.compile import compile_program
from connectors.kong.estate import read_state
from connectors.kong.form import KongSettings, ManagedBy
from connectors.kong.gitops import SYNCHRONISED
from connectors.kong.opening import opened

_NOTE = "Kong has no counting mode; an address is blocked as Kong sees it after trusted_ips."


class Enforce:
    """The enforce capability; the one target is the workspace."""

    def __init__(self, settings: KongSettings, egress: Egress) -> None:
        self._api = opened(settings, egress)
        self._gitops = settings.managed_by is ManagedBy.GITOPS

    def targets(self, snapshot: ConfigSnapshot) -> Sequence[Target]:
        """The workspace, through which all its services' traffic passes."""
        services = tuple(service.ref for service in snapshot.services)
        return (Target(self._api.ref, self._api.title, "kong_workspace", services, _NOTE),)

    def compile(self, intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
        """Pure: see ``connectors.kong.compile``."""
        return compile_program(intents, target, state, SYNCHRONISED if self._gitops else "")

    def read_state(self, target: Target) -> State:
        """Our objects and our entries in customers' lists; everything else as a digest and as context."""
        return read_state(self._api, target)

    def diff(self, program: Program, state: State) -> Diff:
        """Pure: the ordered writes; empty when applied twice."""
        return difference(program, state, WRITE_ORDER)

    def apply(self, diff: Diff, guard: Guard) -> Applied:
        """Write change by change, asking ``guard`` before each, and read back.

        ``ConflictError`` before the first write when an object moved since the difference was made. An error in
        the middle leaves the changes already made: read the state and reconcile again.
        """
        before = read_state(self._api, diff.target)
        check_unmoved(diff, before)
        for change in diff.changes:
            guard(change)
            write(self._api, change)
        after = read_state(self._api, diff.target) if diff.changes else before
        check_written(
            {(c.after.kind, c.after.ref): c.after for c in diff.changes if c.after is not None}, after
        )
        notes: tuple[str, ...] = ()
        if after.foreign_digest != before.foreign_digest:
            notes = (
                "Somebody else changed this Kong's configuration while we wrote; our changes touch only ours.",
            )
        return Applied(diff.changes, before, after, notes)

    def restore(self, pre_image: State, guard: Guard) -> Applied:
        """Bring our objects back to ``pre_image``: missing ones are made again under their ids, others removed."""
        current = read_state(self._api, pre_image.target)
        wanted = Program(pre_image.target, pre_image.objects, ())
        return self.apply(self.diff(wanted, current), guard)
