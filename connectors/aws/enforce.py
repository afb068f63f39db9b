"""Push blocks into WAFv2 web ACLs: read, compile, diff, write under the lock, read back, undo."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from connectors.aws.compile import compile_intents
from connectors.aws.session import AwsSession, Role
from connectors.aws.waf_state import arns, read_state, read_web_acl
from connectors.aws.waf_target import acl_address, group_name, waf_targets
from connectors.aws.waf_write import Writer, managed_error, ordered
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
from connectors.base.errors import ConflictError, VendorAnswerError
from connectors.base.intent import BlockIntent
from connectors.base.model import ConfigSnapshot

if TYPE_CHECKING:
    from connectors.aws.manifest import AwsSettings
    from connectors.egress import Egress


class Enforce:
    """Keeps one owned rule group, its address sets and one reference per web ACL; nothing else is ever written."""

    def __init__(
        self,
        settings: AwsSettings,
        egress: Egress,
        *,
        session: AwsSession | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._session = session or AwsSession(settings, egress)
        self._sleep = sleep

    def targets(self, snapshot: ConfigSnapshot) -> Sequence[Target]:
        """The web ACLs that may be written (not those of Firewall Manager)."""
        return waf_targets(snapshot)

    def compile(self, intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
        """Pure: the desired objects, and per intent how exact it is, where it works and what it costs."""
        return compile_intents(intents, target, state, self._name(target))

    def read_state(self, target: Target) -> State:
        """Our objects now (read with the read role) and the digest of the customer's part."""
        return read_state(self._session, target, self._name(target))

    def diff(self, program: Program, state: State) -> Diff:
        """Pure: the ordered writes from ``state`` to ``program``; empty when AWS already has what we want."""
        current = {(entry.kind, entry.name): entry for entry in state.objects}
        desired = {(entry.kind, entry.name): entry for entry in program.objects}
        changes = [
            Change(ChangeKind.UPDATE if key in current else ChangeKind.CREATE, *key, current.get(key), wanted)
            for key, wanted in desired.items()
            if key not in current or current[key].document != wanted.document
        ]
        changes += [
            Change(ChangeKind.DELETE, *key, entry, None)
            for key, entry in current.items()
            if key not in desired
        ]
        return Diff(program.target, ordered(changes))

    def apply(self, diff: Diff, guard: Guard) -> Applied:
        """Write each change after the guard agreed, then read back.

        Raises ``ConflictError`` when our objects changed since the diff was made, ``RefusedError`` when the guard
        or AWS refuses, ``VendorAnswerError`` when what was read back is not what was written.
        """
        before = self.read_state(diff.target)
        if not diff.changes:
            return Applied((), before, before)
        self._session.role_arn(Role.BLOCK)
        if read_web_acl(self._session, diff.target).managed:
            raise managed_error(diff.target)
        _check_unmoved(diff, before)
        known = arns(self._session, diff.target, self._name(diff.target))
        writer = Writer(self._session, diff.target, acl_address(diff.target.ref), known, self._sleep)
        for change in diff.changes:
            guard(change)
            writer.write(change)
        after = self.read_state(diff.target)
        _check_written(diff, after)
        if after.foreign_digest != before.foreign_digest:
            writer.notes.append(
                f"Somebody else changed web ACL {diff.target.name} while we pushed; their change was kept."
            )
        return Applied(diff.changes, before, after, tuple(writer.notes))

    def restore(self, pre_image: State, guard: Guard) -> Applied:
        """Bring our objects back to ``pre_image``; the customer's part of the web ACL stays as it is now."""
        program = Program(pre_image.target, pre_image.objects, ())
        return self.apply(self.diff(program, self.read_state(pre_image.target)), guard)

    def _name(self, target: Target) -> str:
        return group_name(self._settings.external_id, target)


def _check_unmoved(diff: Diff, state: State) -> None:
    """The diff was made from what is there now; lock tokens may differ, documents may not."""
    current: dict[tuple[str, str], VendorObject] = {
        (entry.kind, entry.name): entry for entry in state.objects
    }
    for change in diff.changes:
        found = current.get((change.object_kind, change.name))
        expected = change.before
        if (found and found.document) != (expected and expected.document):
            raise ConflictError(
                f"{change.object_kind} {change.name} changed at AWS since it was read.",
                action="It is read again and the difference is made anew.",
            )


def _check_written(diff: Diff, state: State) -> None:
    current = {(entry.kind, entry.name): entry.document for entry in state.objects}
    for change in diff.changes:
        found = current.get((change.object_kind, change.name))
        if found != (change.after.document if change.after else None):
            raise VendorAnswerError(
                f"{change.object_kind} {change.name} was written, but AWS answers something else when it is read back.",
                unchanged="The change was sent and may be in force.",
                action="The next reconciliation reads it again; open the web ACL in the console if it stays so.",
            )
