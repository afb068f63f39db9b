"""A block's life: created from a preview, promoted, extended, approved, undone, expired.

Nothing here speaks to a vendor: each step stores what is wanted and enqueues the push in the same transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from controlplane.blocking.drafts import parse_draft
from controlplane.blocking.gates import ask, worst
from controlplane.blocking.models import Block, BlockTarget, Preview
from controlplane.blocking.services.asking import question, utc_now
from controlplane.blocking.services.history import note
from controlplane.blocking.types import OVER, BlockStatus, Limits, Stage, Verdict
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, NotFound, Refused

_REASONS = ("threat", "finding", "manual")


def _push(block: Block) -> None:
    from controlplane.blocking.jobs import push  # jobs imports the services

    for target in block.targets.all():
        push.enqueue(target.connection, target.ref, unique_key=f"{target.connection}:{target.ref}")


def create(preview_id: str, stage: str, reason: dict[str, str], author: str) -> Block:
    """A block from a fresh preview. The gates are asked again; nothing is stored when one refuses."""
    preview = Preview.objects.filter(pk=preview_id).first()
    if preview is None:
        raise NotFound("preview-not-found", "There is no such preview. Nothing was created.")
    now = utc_now()
    if preview.expires_at <= now:
        raise Conflict(
            "preview-stale", "The preview is older than 15 minutes. Nothing was created. Preview it again."
        )
    if reason.get("kind") not in _REASONS:
        raise Invalid("invalid-reason", "A reason is a threat, a finding or manual. Nothing was created.")
    wanted = _stage(stage)
    draft = parse_draft(preview.draft)
    verdicts = ask(question(draft, 7 * 86_400, now))
    verdict = worst(verdicts)
    if verdict is Verdict.REFUSE or not preview.result["allowed"]:
        sentences = [v.sentence for v in verdicts if v.verdict is Verdict.REFUSE]
        why = " ".join(sentences) or "No chosen target can express it."
        raise Conflict("gate-refused", f"{why} Nothing was created or pushed.")
    held = verdict is Verdict.NEEDS_APPROVAL and wanted is Stage.BLOCK
    with transaction.atomic():
        block = Block.objects.create(
            match=preview.draft["match"],
            action=preview.draft["action"],
            rate=preview.draft["rate"],
            stage=wanted.value,
            status=(BlockStatus.AWAITING_APPROVAL if held else BlockStatus.PENDING).value,
            reason_kind=reason["kind"],
            reason_id=reason.get("id", ""),
            reason_text=reason.get("text", ""),
            author=author,
            preview=preview.result,
            created_at=now,
            expires_at=now + timedelta(seconds=draft.ttl_seconds),
        )
        named = {(t["connection_id"], t["ref"]): t["name"] for t in preview.result["targets"]}
        BlockTarget.objects.bulk_create(
            BlockTarget(
                block=block,
                connection=t.connection_id,
                ref=t.ref,
                name=named.get((t.connection_id, t.ref), t.ref),
                kind="",
            )
            for t in draft.targets
        )
        record("block.create", target=block.id, before=None, after=_audited(block), reason=block.reason_text)
        note(
            block,
            "created",
            f"Created to {wanted.value}; ends {block.expires_at:%Y-%m-%d %H:%M} UTC.",
            author,
        )
        if held:
            note(block, "awaiting_approval", "Waits for a second person; nothing was pushed.", author)
        else:
            _push(block)
    return block


def approve(block_id: str, approver: str) -> Block:
    """A second person lets a held block go on."""
    with transaction.atomic():
        block = _locked(block_id)
        if block.status != BlockStatus.AWAITING_APPROVAL:
            raise Conflict(
                "not-awaiting-approval", "The block does not wait for an approval. Nothing was changed."
            )
        if approver == block.author:
            raise Refused(
                "own-block", "Somebody else than its author must approve a block. Nothing was changed."
            )
        block.status, block.approved_by = BlockStatus.PENDING.value, approver
        block.save(update_fields=["status", "approved_by"])
        record("block.approve", target=block.id, before=None, after={"approved_by": approver}, reason="")
        note(block, "approved", "Approved by a second person.", approver)
        _push(block)
    return block


def promote(block_id: str, author: str) -> Block:
    """From counting to blocking; the gates are asked again on what has come in since."""
    block = _found(block_id)
    remaining = int((block.expires_at - utc_now()).total_seconds())
    document = {
        "match": block.match,
        "action": block.action,
        "rate": block.rate,
        "ttl_seconds": max(1, remaining),
    }
    targets = [{"connection_id": t.connection, "ref": t.ref} for t in block.targets.all()]
    verdicts = ask(question(parse_draft(document | {"targets": targets}), 7 * 86_400, utc_now()))
    if worst(verdicts) is Verdict.REFUSE:
        why = " ".join(v.sentence for v in verdicts if v.verdict is Verdict.REFUSE)
        raise Conflict("gate-refused", f"{why} The block goes on counting.")
    with transaction.atomic():
        block = _locked(block_id)
        if block.status != BlockStatus.COUNTING:
            raise Conflict(
                "not-counting",
                f"The block is {block.status}; only a counting one can be promoted. Nothing was changed.",
            )
        held = worst(verdicts) is Verdict.NEEDS_APPROVAL
        block.stage = Stage.BLOCK.value
        block.status = (BlockStatus.AWAITING_APPROVAL if held else BlockStatus.PENDING).value
        block.save(update_fields=["stage", "status"])
        record(
            "block.promote", target=block.id, before={"stage": "count"}, after={"stage": "block"}, reason=""
        )
        note(block, "promoted", "Promoted from counting to blocking.", author)
        _push(block)
    return block


def extend(block_id: str, ttl_seconds: int, author: str) -> Block:
    """Move the end to ``ttl_seconds`` from now."""
    limit = Limits().max_ttl_seconds
    if not 0 < ttl_seconds <= limit:
        raise Invalid("invalid-ttl", f"ttl_seconds must be 1 to {limit}. Nothing was changed.")
    with transaction.atomic():
        block = _locked(block_id)
        if block.status in (*OVER, BlockStatus.UNDOING, BlockStatus.EXPIRING):
            raise Conflict(
                "block-over", f"The block is {block.status}. Nothing was changed. Create a new one."
            )
        before, block.expires_at = block.expires_at, utc_now() + timedelta(seconds=ttl_seconds)
        block.save(update_fields=["expires_at"])
        record(
            "block.extend",
            target=block.id,
            before={"expires_at": before.isoformat()},
            after={"expires_at": block.expires_at.isoformat()},
            reason="",
        )
        note(block, "extended", f"Now ends {block.expires_at:%Y-%m-%d %H:%M} UTC.", author)
    return block


def undo(block_id: str, author: str, sentence: str = "Undo was asked for.") -> Block:
    """Take the block away at every target. Asking twice changes nothing more."""
    return _leave(block_id, BlockStatus.UNDOING, "undo", sentence, author)


def expire_due(now: datetime) -> int:
    """Begin to remove every block whose time is over; returns how many."""
    due = Block.objects.filter(expires_at__lte=now).exclude(
        status__in=[*OVER, BlockStatus.UNDOING.value, BlockStatus.EXPIRING.value]
    )
    ids = list(due.values_list("pk", flat=True))
    for block_id in ids:
        _leave(block_id, BlockStatus.EXPIRING, "expire", "Its time is over.", "")
    return len(ids)


def _leave(block_id: str, status: BlockStatus, verb: str, sentence: str, author: str) -> Block:
    with transaction.atomic():
        block = _locked(block_id)
        if block.status in (*OVER, BlockStatus.UNDOING, BlockStatus.EXPIRING):
            return block
        before, block.status = block.status, status.value
        block.save(update_fields=["status"])
        record(
            f"block.{verb}",
            target=block.id,
            before={"status": before},
            after={"status": block.status},
            reason=sentence,
        )
        note(block, verb, sentence, author)
        _push(block)
    return block


def _stage(stage: str) -> Stage:
    try:
        return Stage(stage)
    except ValueError as error:
        raise Invalid(
            "invalid-stage",
            "The stage is count or block. Nothing was created.",
            fields={"stage": ["count or block"]},
        ) from error


def _found(block_id: str) -> Block:
    block = Block.objects.filter(pk=block_id).first()
    if block is None:
        raise NotFound("block-not-found", "There is no such block. Nothing was changed.")
    return block


def _locked(block_id: str) -> Block:
    block = Block.objects.select_for_update().filter(pk=block_id).first()
    if block is None:
        raise NotFound("block-not-found", "There is no such block. Nothing was changed.")
    return block


def _audited(block: Block) -> dict[str, object]:
    return {
        "match": block.match,
        "action": block.action,
        "stage": block.stage,
        "expires_at": block.expires_at.isoformat(),
    }
