"""One way to add a line to a block's history and tell the rest of the product."""

from __future__ import annotations

from controlplane.blocking.models import Block, BlockEvent
from tenants.jobs.events import emit


def note(block: Block, kind: str, sentence: str, actor: str = "") -> None:
    """Add a line and announce the change; inside the caller's transaction."""
    BlockEvent.objects.create(block=block, kind=kind, sentence=sentence, actor=actor)
    emit("block.changed", block_id=block.id)
