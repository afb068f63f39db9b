"""A second person's consent, bound to exactly what they saw."""

from __future__ import annotations

import hashlib
import json

from django.db import transaction

from controlplane.blocking.gates import ask, refusals
from controlplane.blocking.models import Block
from controlplane.blocking.services.asking import stored_question, utc_now
from controlplane.blocking.services.history import note
from controlplane.blocking.services.rows import check_not_over, enqueue_push, found, locked
from controlplane.blocking.types import BlockStatus, Person, Stage
from tenants.audit.services import record
from tenants.errors import Conflict, Refused, Stale


def fingerprint(block: Block) -> str:
    """A digest (hex) of what a block does, where, and the preview it was judged by. Its end may be moved."""
    targets = sorted([row.connection, row.ref] for row in block.targets.all())
    said = [block.match, block.action, block.rate, targets, block.preview]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def is_approved(block: Block) -> bool:
    """Whether the block needs no second person, or has the consent of one for what it is now."""
    return not block.needs_approval or (bool(block.approved_by) and block.approved_hash == fingerprint(block))


def approve(block_id: str, approver: Person, seen: str = "") -> Block:
    """A second person lets a held block go on; the gates are asked again. ``seen`` is the fingerprint shown to them."""
    refused = refusals(ask(stored_question(found(block_id), utc_now())))
    with transaction.atomic():
        block = locked(block_id)
        if block.status != BlockStatus.AWAITING_APPROVAL:
            raise Conflict(
                "not-awaiting-approval", "The block does not wait for an approval. Nothing was changed."
            )
        check_not_over(block, utc_now())
        if not approver.id:
            raise Refused(
                "nobody", "A token that belongs to nobody cannot approve. Nothing was changed. Sign in."
            )
        if approver.id == block.asked_by:
            raise Refused(
                "own-block", "Somebody else than its author must approve a block. Nothing was changed."
            )
        if seen and seen != fingerprint(block):
            raise Stale("other-block", "The block is no longer what you saw. Nothing was changed. Reload it.")
        if refused:
            raise Conflict("gate-refused", f"{refused} Nothing was pushed.")
        block.status, block.stage = BlockStatus.PENDING.value, Stage.BLOCK.value
        block.approved_by, block.approved_hash = approver.name, fingerprint(block)
        block.save(update_fields=["status", "stage", "approved_by", "approved_hash"])
        block.targets.update(state="pending")
        record("block.approve", target=block.id, before=None, after={"approved_by": approver.name}, reason="")
        note(block, "approved", "Approved by a second person.", approver.name)
        enqueue_push(block)
    return block
