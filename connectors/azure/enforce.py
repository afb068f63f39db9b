"""Push blocks into WAF policies: read, compile, compare, write the whole document, wait, read back, undo."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from connectors.azure.client import Arm
from connectors.azure.compile import compile_program
from connectors.azure.manifest import AzureSettings
from connectors.azure.parts import Document, properties
from connectors.azure.waf_state import TARGETS, is_ours, owner_prefix, read_policy, state_of, with_rules
from connectors.base.enforcement import (
    Applied,
    Change,
    ChangeKind,
    Diff,
    Guard,
    Program,
    State,
    Target,
)
from connectors.base.errors import ConflictError, RefusedError, VendorAnswerError
from connectors.base.identity import Identity
from connectors.base.intent import BlockIntent
from connectors.base.model import ConfigSnapshot, WafPolicy
from connectors.egress import Egress

#: How often the policy may move under our hands before we give up.
_ATTEMPTS: Final = 5
_KINDS: Final = {product: kind for kind, product in TARGETS.items()}

_locks: dict[str, threading.Lock] = {}
_locks_lock = threading.Lock()


class Enforce:
    """Keeps our custom rules in each policy; nothing else of it is ever changed."""

    def __init__(
        self,
        settings: AzureSettings,
        egress: Egress,
        identity: Identity | None = None,
        *,
        arm: Arm | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._arm = arm or Arm(settings, egress, identity, sleep=sleep)
        self._prefix = owner_prefix(settings.client_id)
        self._behind_proxy = settings.behind_proxy

    def targets(self, snapshot: ConfigSnapshot) -> Sequence[Target]:
        """The WAF policies that are in force somewhere, or of which that is not known."""
        return [
            _target(policy)
            for policy in snapshot.waf_policies
            if policy.attached_to or not policy.attachments_known
        ]

    def compile(self, intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
        """Pure: see ``connectors.azure.compile``."""
        return compile_program(intents, target, state, self._prefix, behind_proxy=self._behind_proxy)

    def read_state(self, target: Target) -> State:
        """Our rules now, an outline of the customer's, and the digest of all that is not ours."""
        return state_of(read_policy(self._arm, target), target, self._prefix)

    def diff(self, program: Program, state: State) -> Diff:
        """Pure: the changes of single rules, which one write makes together; empty when all is there already."""
        wanted = {entry.ref: entry for entry in program.objects}
        present = {entry.ref: entry for entry in state.objects}
        changes = [
            Change(
                ChangeKind.UPDATE if ref in present else ChangeKind.CREATE,
                entry.kind,
                entry.name,
                present.get(ref),
                entry,
            )
            for ref, entry in wanted.items()
            if ref not in present or present[ref].document != entry.document
        ]
        changes += [
            Change(ChangeKind.DELETE, entry.kind, entry.name, entry, None)
            for ref, entry in present.items()
            if ref not in wanted
        ]
        return Diff(program.target, tuple(sorted(changes, key=lambda change: change.name)))

    def apply(self, diff: Diff, guard: Guard) -> Applied:
        """Ask the guard about every change, make them in one write, wait for it, read back.

        Raises ``ConflictError`` when our rules moved since the difference was made or the policy is being written by
        others, ``RefusedError`` when the guard says no or a priority was taken, ``VendorAnswerError`` when what was
        read back is not what was written.
        """
        with _lock_of(diff.target.ref):
            policy = read_policy(self._arm, diff.target)
            before = state_of(policy, diff.target, self._prefix)
            if not diff.changes:
                return Applied((), before, before)
            _check_unmoved(diff, before)
            for change in diff.changes:
                if not is_ours({"name": change.name}, self._prefix):
                    raise RefusedError(f"Custom rule {change.name} is not ours and is never written.")
                guard(change)
            base = self._write(diff, policy)
            after = self.read_state(diff.target)
        _check_written(diff, after)
        notes: tuple[str, ...] = ()
        if after.foreign_digest != base.foreign_digest:
            notes = (f"Somebody else changed {diff.target.name} while we pushed; their change was kept.",)
        return Applied(diff.changes, before, after, notes)

    def restore(self, pre_image: State, guard: Guard) -> Applied:
        """Bring our rules back to ``pre_image``; the customer's part of the policy stays as it is now."""
        wanted = Program(pre_image.target, pre_image.objects, ())
        return self.apply(self.diff(wanted, self.read_state(pre_image.target)), guard)

    def _write(self, diff: Diff, policy: Document) -> State:
        """Write on top of what is there at this moment: read once more, and again while it still moves.

        Azure's API has no lock, so the version read just before must be the one the difference was checked against.
        """
        for _ in range(_ATTEMPTS):
            current = read_policy(self._arm, diff.target)
            now = state_of(current, diff.target, self._prefix)
            if current.get("etag") == policy.get("etag"):
                _check_settled(current, diff.target)
                self._arm.put(
                    diff.target.ref, with_rules(current, diff.target, self._prefix, _rules(diff, now))
                )
                return now
            _check_unmoved(diff, now)
            policy = current
        raise ConflictError(
            f"WAF policy {diff.target.name} changed {_ATTEMPTS} times while we tried to write.",
            action="It is read again and tried again.",
        )


def _target(policy: WafPolicy) -> Target:
    notes = []
    if not policy.attached_to:
        notes.append("What it protects is not known.")
    if policy.evidence.get("mode") == "Detection":
        notes.append("It is in detection mode: only counting works.")
    return Target(policy.ref, policy.name, _KINDS[policy.scope], policy.attached_to, " ".join(notes))


def _rules(diff: Diff, state: State) -> list[Mapping[str, Any]]:
    """All our rules as they shall be."""
    held: dict[str, Mapping[str, Any]] = {entry.ref: entry.document for entry in state.objects}
    for change in diff.changes:
        if change.after is None:
            held.pop(change.name, None)
        else:
            held[change.name] = change.after.document
    return sorted(held.values(), key=lambda rule: int(rule["priority"]))


def _check_settled(policy: Document, target: Target) -> None:
    state = str(properties(policy).get("provisioningState") or "Succeeded")
    if state not in ("Succeeded", "Failed"):
        raise ConflictError(
            f"WAF policy {target.name} is being changed by somebody else ({state}).",
            action="It is read again and tried again.",
        )


def _check_unmoved(diff: Diff, state: State) -> None:
    current = {entry.ref: entry.document for entry in state.objects}
    for change in diff.changes:
        if current.get(change.name) != (change.before and change.before.document):
            raise ConflictError(
                f"Custom rule {change.name} of {diff.target.name} changed since it was read.",
                action="It is read again and the difference is made anew.",
            )


def _check_written(diff: Diff, state: State) -> None:
    current = {entry.ref: entry.document for entry in state.objects}
    for change in diff.changes:
        if current.get(change.name) != (change.after.document if change.after else None):
            raise VendorAnswerError(
                f"Custom rule {change.name} was written, but Azure answers something else when it is read back.",
                unchanged="The change was sent and may be in force.",
                action="The next reconciliation reads it again; somebody else may have written the policy just after us.",
            )


def _lock_of(ref: str) -> threading.Lock:
    """One write at a time per policy within this process; across processes the reconciler has its own lock."""
    with _locks_lock:
        return _locks.setdefault(ref.lower(), threading.Lock())
