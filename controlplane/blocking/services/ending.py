"""How blocks end: undone by a person or by the watch, all at once, or because their time is over."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from controlplane.blocking.models import Block, BlockTarget
from controlplane.blocking.services.asking import utc_now
from controlplane.blocking.services.history import note
from controlplane.blocking.services.rows import ENDING, enqueue_push, locked
from controlplane.blocking.types import BlockStatus, Stage
from tenants.audit.services import record


def undo(block_id: str, author: str, sentence: str = "Undo was asked for.") -> Block:
    """Take the block away at every target. Asking twice changes nothing more."""
    with transaction.atomic():
        return _leave(locked(block_id), BlockStatus.UNDOING, "undo", sentence, author)


def undo_all(author: str) -> list[str]:
    """The kill switch: take every block away, whatever it waits for; the ids of those that now leave.

    Each block is its own transaction, so that one which cannot be changed keeps no other.
    """
    ids = list(Block.objects.exclude(status__in=ENDING).order_by("id").values_list("pk", flat=True))
    for block_id in ids:
        undo(block_id, author, "All blocks were undone.")
    return ids


def expire_due(now: datetime) -> int:
    """Begin to remove every block whose time is over; returns how many."""
    due = Block.objects.filter(expires_at__lte=now).exclude(status__in=ENDING)
    expired = 0
    for block_id in due.values_list("pk", flat=True):
        with transaction.atomic():
            block = locked(block_id)
            if block.expires_at > now:  # extended while we were on our way
                continue
            _leave(block, BlockStatus.EXPIRING, "expire", "Its time is over.", "")
            expired += 1
    return expired


def _leave(block: Block, status: BlockStatus, verb: str, sentence: str, author: str) -> Block:
    if block.status in ENDING:
        return block
    before = block.status
    block.status = status.value
    never_pushed = before == BlockStatus.AWAITING_APPROVAL and block.stage == Stage.BLOCK
    if never_pushed:
        block.status = (BlockStatus.UNDONE if status is BlockStatus.UNDOING else BlockStatus.EXPIRED).value
        block.ended_at = utc_now()
        block.targets.update(state=BlockTarget.State.REMOVED)
    block.save(update_fields=["status", "ended_at"])
    after = {"status": block.status}
    record(f"block.{verb}", target=block.id, before={"status": before}, after=after, reason=sentence)
    note(block, verb, f"{sentence} It had never been pushed." if never_pushed else sentence, author)
    if not never_pushed:
        enqueue_push(block)
    return block
