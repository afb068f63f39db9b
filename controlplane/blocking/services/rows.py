"""Blocks as rows: find one, lock one, and ask for the push of its targets."""

from __future__ import annotations

from datetime import datetime

from controlplane.blocking.models import Block
from controlplane.blocking.types import LEAVING, OVER
from tenants.errors import Conflict, NotFound

#: Statuses of a block that has ended or is about to.
ENDING = (*OVER, *LEAVING)


def enqueue_push(block: Block) -> None:
    """Enqueue a push of each of the block's targets, in the caller's transaction."""
    from controlplane.blocking.jobs import push  # jobs imports the services

    for target in block.targets.all():
        push.enqueue(target.connection, target.ref, unique_key=f"{target.connection}:{target.ref}")


def found(block_id: str) -> Block:
    """The block; ``NotFound`` when there is none."""
    block = Block.objects.filter(pk=block_id).first()
    if block is None:
        raise NotFound("block-not-found", "There is no such block. Nothing was changed.")
    return block


def locked(block_id: str) -> Block:
    """The block, locked to the end of the caller's transaction; ``NotFound`` when there is none."""
    block = Block.objects.select_for_update().filter(pk=block_id).first()
    if block is None:
        raise NotFound("block-not-found", "There is no such block. Nothing was changed.")
    return block


def check_not_over(block: Block, now: datetime) -> None:
    """``Conflict`` when the block has ended, is ending, or is past its time although nobody took it away yet."""
    if block.status in ENDING or block.expires_at <= now:
        state = block.status.replace("_", " ") if block.status in ENDING else "past its time"
        raise Conflict("block-over", f"The block is {state}. Nothing was changed. Create a new one.")
