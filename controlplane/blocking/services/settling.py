"""Store what became of a push: each target's row, then each block's status. Short transactions, no vendor in them.

Blocks may have been changed while the vendor was asked. What was pushed is compared with what is wanted now; a row
that was pushed as something else waits for the push which that change enqueued.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from connectors.base.enforcement import Program
from connectors.base.intent import Compiled, Exactness
from controlplane.blocking.models import Block, BlockTarget
from controlplane.blocking.services.converging import Converged
from controlplane.blocking.services.history import note
from controlplane.blocking.services.images import image_of
from controlplane.blocking.services.planning import Plan, intent_of
from controlplane.blocking.services.rows import enqueue_push
from controlplane.blocking.types import ENDED_ROWS, LEAVING, OVER, BlockStatus, Stage, TargetRef

State = BlockTarget.State
#: Characters of a vendor object's document that are kept for showing.
_SHOWN_DOCUMENT: Final = 16_000


def store(ref: TargetRef, pushed: Plan, done: Converged, now: datetime) -> None:
    """What was read back after a push."""
    shown = _shown(done.program)
    drift = ", ".join(change.name for change in done.changes[:3]) if pushed.steady else ""
    with transaction.atomic():
        for row, block in _locked_rows(pushed):
            _move(row, block, pushed, done, shown)
            if row.state not in (State.FAILED, State.PENDING):
                row.read_back_at = now
            row.save()
            for kind, sentence in _remarks(ref, row, done, drift):
                note(block, kind, sentence)
            _settle(block, now)


def store_failure(pushed: Plan, sentence: str, now: datetime, lost: Sequence[BlockTarget] = ()) -> None:
    """The target could not be read or brought to what leaves it; at the rows in ``lost`` it never will be.

    A row that stood keeps its state: that it cannot be read now does not mean that it is gone.
    """
    standing = {intent.id for intent in pushed.standing}
    never = {row.pk for row in lost}
    with transaction.atomic():
        for row, block in _locked_rows(pushed):
            if row.error != sentence:
                note(block, "lost" if row.pk in never else "failed", sentence)
            row.error = sentence
            if row.pk in never:
                row.state = State.LOST
            elif row.block_id not in standing and block.status not in OVER:
                row.state = State.FAILED
            row.save(update_fields=["state", "error"])
            _settle(block, now)


def _locked_rows(pushed: Plan) -> list[tuple[BlockTarget, Block]]:
    """The rows with their blocks as they are now, locked, in the order every writer locks them."""
    ids = [row.pk for row in pushed.rows]
    blocks = {
        block.pk: block
        for block in Block.objects.select_for_update()
        .filter(pk__in=[row.block_id for row in pushed.rows])
        .order_by("pk")
    }
    rows = BlockTarget.objects.select_related("block").filter(pk__in=ids).order_by("block_id")
    return [(row, blocks[row.block_id]) for row in rows if row.block_id in blocks]


def _move(
    row: BlockTarget,
    block: Block,
    pushed: Plan,
    done: Converged,
    shown: list[dict[str, Any]],
) -> None:
    """The row's new state."""
    outcomes = {outcome.intent_id: outcome for outcome in done.program.outcomes}
    intent = pushed.intents.get(block.id)
    if intent is None:
        row.vendor_objects, row.error = [], pushed.refused.get(block.id, "")
        row.state = State.REFUSED if row.error else State.REMOVED
        wanted_again = not row.error and block.status not in (*LEAVING, *OVER)
        if wanted_again and block.expires_at > pushed.made_at:
            row.state = State.PENDING
            enqueue_push(block)
    elif block.status not in OVER and replace(intent_of(block), expires_at=intent.expires_at) != intent:
        row.state = State.PENDING
    elif block.id in done.failures:
        error = done.failures[block.id].sentence()
        if row.error != error:
            note(block, "failed", error)
        row.state, row.error, row.vendor_objects = State.FAILED, error, []
    else:
        _standing(row, outcomes[block.id], shown)
        if block.id in done.observed:
            row.state, row.vendor_objects = State.OBSERVED, []


def _standing(row: BlockTarget, outcome: Compiled, shown: list[dict[str, Any]]) -> None:
    row.exactness = outcome.exactness.value
    row.reasons = list(outcome.reasons)
    row.covered = len(outcome.coverage.covered)
    row.uncovered = [{"ref": ref, "reason": reason} for ref, reason in outcome.coverage.uncovered]
    row.cost, row.error = outcome.cost, ""
    row.vendor_objects, row.state = shown, State.ENFORCED
    if outcome.exactness is Exactness.REFUSED:
        row.vendor_objects = []
        row.state = State.OBSERVED if row.block.stage == Stage.COUNT else State.REFUSED


def _remarks(ref: TargetRef, row: BlockTarget, done: Converged, drift: str) -> list[tuple[str, str]]:
    """What the history of a row's block should say besides its status."""
    said: list[tuple[str, str]] = []
    if drift:
        said.append(("drift", f"At {row.name}, {drift} was not as it had been left. It was put back."))
    if done.foreign_changed:
        sentence = (
            f"Something that is not ours changed at {row.name} while we wrote. We write only our own objects: "
            "check who else was working there."
        )
        said.append(("foreign_changed", sentence))
    last_left = row.state == State.REMOVED and bool(done.changes) and not done.after.objects
    image = image_of(ref) if last_left else None
    if image is not None:
        same = image.foreign_digest == done.after.foreign_digest
        exactly = f"{row.name} is exactly as it was before our first block."
        kept = f"Nothing of ours is left at {row.name}. Other settings were changed there meanwhile; they were kept."
        said.append(("restored", exactly if same else kept))
    return said


def _settle(block: Block, now: datetime) -> None:
    """Move the block on when its targets allow it; a target that waits or fails keeps only what depends on it."""
    if block.status in OVER:
        return
    rows = list(block.targets.order_by("id"))
    states = {row.state for row in rows}
    before = block.status
    if block.status in LEAVING or (block.expires_at <= now and block.status != BlockStatus.AWAITING_APPROVAL):
        if states <= ENDED_ROWS:
            undone = block.status == BlockStatus.UNDOING
            _end(block, BlockStatus.UNDONE if undone else BlockStatus.EXPIRED, states, now)
    elif State.PENDING in states:
        return
    elif states & {State.ENFORCED, State.OBSERVED, State.DRIFTED}:
        if block.status == BlockStatus.PENDING:
            counting = block.stage == Stage.COUNT
            block.status = (BlockStatus.COUNTING if counting else BlockStatus.BLOCKING).value
    elif State.FAILED not in states:
        _end(block, BlockStatus.REFUSED, states, now)
    if block.status != before:
        block.save(update_fields=["status", "ended_at"])
        note(block, block.status, _sentence(BlockStatus(block.status), rows))


def _end(block: Block, status: BlockStatus, states: set[str], now: datetime) -> None:
    block.status = (BlockStatus.FAILED if State.LOST in states else status).value
    block.ended_at = now


def _sentence(status: BlockStatus, rows: list[BlockTarget]) -> str:
    why = " ".join(
        dict.fromkeys(row.error or " ".join(row.reasons) for row in rows if row.error or row.reasons)
    )
    return {
        BlockStatus.COUNTING: "Counting. Read back.",
        BlockStatus.BLOCKING: "Blocking. Written and read back.",
        BlockStatus.EXPIRED: "Expired; read back, nothing of it is left.",
        BlockStatus.UNDONE: "Undone; read back, nothing of it is left.",
        BlockStatus.REFUSED: f"It stands nowhere. {why}",
        BlockStatus.FAILED: f"Over, but its removal could not be read back everywhere. {why}",
    }[status]


def _shown(program: Program) -> list[dict[str, Any]]:
    """The objects as people see them; a document too long to read is replaced by its size."""
    shown = []
    for item in program.objects:
        document = dict(item.document)
        size = len(json.dumps(document, default=str))
        if size > _SHOWN_DOCUMENT:
            document = {"characters": size, "note": "too long to show; see it at the vendor"}
        shown.append({"kind": item.kind, "name": item.name, "document": document})
    return shown
