"""Blocks on Cloudflare zones: compile, read, compare, write, read back, and undo exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from connectors.base.difference import difference
from connectors.base.enforcement import Applied, Diff, Guard, Program, State, Target
from connectors.base.intent import BlockIntent
from connectors.base.model import ConfigSnapshot
from connectors.cloudflare.apply import WRITE_ORDER, check_unmoved, check_written
from connectors.cloudflare.client import ApiV4
from connectors.cloudflare.compile import compile_program
from connectors.cloudflare.estate import read
from connectors.cloudflare.manifest import CloudflareSettings
from connectors.cloudflare.target import zone_targets
from connectors.cloudflare.writer import Writer
from connectors.egress import Egress


class Enforce:
    """The enforce capability; each zone is a target."""

    def __init__(
        self,
        settings: CloudflareSettings,
        egress: Egress,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = ApiV4(settings, egress)
        self._bot_management = settings.bot_management
        self._sleep = sleep

    def targets(self, snapshot: ConfigSnapshot) -> Sequence[Target]:
        """The zones, each with its hosts that do not pass Cloudflare."""
        return zone_targets(snapshot)

    def compile(self, intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
        """Pure: see ``connectors.cloudflare.compile``."""
        return compile_program(intents, target, state, bot_management=self._bot_management)

    def read_state(self, target: Target) -> State:
        """Our rules and lists; everything else in the phases we write to as a digest."""
        return read(self._api, target)[0]

    def diff(self, program: Program, state: State) -> Diff:
        """Pure: the ordered writes; empty when applied twice."""
        return difference(program, state, WRITE_ORDER)

    def apply(self, diff: Diff, guard: Guard) -> Applied:
        """Write change by change, asking ``guard`` before each, and read back.

        ``ConflictError`` before the first write when an object moved since the difference was made. An error in the
        middle leaves the changes already made: read the state and reconcile again.
        """
        before, located = read(self._api, diff.target)
        if not diff.changes:
            return Applied((), before, before)
        check_unmoved(diff, before)
        writer = Writer(self._api, diff.target, located, self._sleep)
        for change in diff.changes:
            guard(change)
            writer.write(change)
        after = self.read_state(diff.target)
        check_written(diff, after)
        notes: tuple[str, ...] = ()
        if after.foreign_digest != before.foreign_digest:
            notes = ("Somebody else changed rules or lists while we wrote; our changes touch only ours.",)
        return Applied(diff.changes, before, after, notes)

    def restore(self, pre_image: State, guard: Guard) -> Applied:
        """Bring our objects back to ``pre_image``: missing ones are made again under their refs, others removed."""
        wanted = Program(pre_image.target, pre_image.objects, ())
        return self.apply(self.diff(wanted, self.read_state(pre_image.target)), guard)
