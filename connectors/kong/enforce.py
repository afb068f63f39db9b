"""Blocks on a Kong workspace: compile, read, compare, write, read back, and undo exactly."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.base.difference import difference
from connectors.base.enforcement import Applied, Diff, Guard, Program, State, Target
from connectors.base.intent import BlockIntent
from connectors.base.model import ConfigSnapshot
from connectors.egress import Egress
from connectors.kong.apply import WRITE_ORDER, check_conditions, check_unmoved, check_written, write
from connectors.kong.client import AdminApi
from connectors.kong.compile import compile_program
from connectors.kong.estate import read_state
from connectors.kong.form import KongSettings, ManagedBy
from connectors.kong.gitops import SYNCHRONISED
from connectors.kong.opening import opened_at

_NOTE = "Kong has no counting mode; an address is blocked as Kong sees it after trusted_ips."


class Enforce:
    """The enforce capability; each workspace, or the control plane, is a target."""

    def __init__(self, settings: KongSettings, egress: Egress) -> None:
        self._settings, self._egress = settings, egress
        self._gitops = settings.managed_by is ManagedBy.GITOPS

    def targets(self, snapshot: ConfigSnapshot) -> Sequence[Target]:
        """The workspaces, through which all their services' traffic passes; asks nobody."""
        names = tuple(dict.fromkeys(stage.name for stage in snapshot.stages))
        if self._settings.in_konnect:
            shown = names[0] if names else self._settings.control_plane
            services = tuple(service.ref for service in snapshot.services)
            return (
                Target(snapshot.gateway_ref, f"Control plane {shown}", "kong_workspace", services, _NOTE),
            )
        if not self._settings.all_workspaces:
            names = self._settings.workspaces or ("default",)
        return tuple(
            Target(
                f"workspace:{name}",
                f"Workspace {name}",
                "kong_workspace",
                tuple(stage.service_ref for stage in snapshot.stages if stage.name == name),
                _NOTE,
            )
            for name in names
        )

    def compile(self, intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
        """Pure: see ``connectors.kong.compile``."""
        return compile_program(intents, target, state, SYNCHRONISED if self._gitops else "")

    def read_state(self, target: Target) -> State:
        """Our objects and our entries in customers' lists; everything else as a digest and as context."""
        return read_state(self._at(target), target)

    def diff(self, program: Program, state: State) -> Diff:
        """Pure: the ordered writes; empty when applied twice."""
        return difference(program, state, WRITE_ORDER)

    def apply(self, diff: Diff, guard: Guard) -> Applied:
        """Write change by change, asking ``guard`` before each, and read back.

        ``ConflictError`` before the first write when an object moved since the difference was made. An error in
        the middle leaves the changes already made: read the state and reconcile again.
        """
        api = self._at(diff.target)
        before = read_state(api, diff.target)
        check_unmoved(diff, before)
        check_conditions(diff, before)
        for change in diff.changes:
            guard(change)
            write(api, change)
        after = read_state(api, diff.target) if diff.changes else before
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
        current = read_state(self._at(pre_image.target), pre_image.target)
        wanted = Program(pre_image.target, pre_image.objects, ())
        return self.apply(self.diff(wanted, current), guard)

    def _at(self, target: Target) -> AdminApi:
        return opened_at(self._settings, self._egress, target.ref)
