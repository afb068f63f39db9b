"""A block's life until it ends: created from a preview, promoted, extended.

Nothing here speaks to a vendor: each step stores what is wanted and enqueues the push in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from controlplane.blocking.drafts import parse_draft
from controlplane.blocking.gates import ask, refusals, worst
from controlplane.blocking.models import Block, BlockTarget, Preview
from controlplane.blocking.services.asking import WEEK_SECONDS, question, stored_question, utc_now
from controlplane.blocking.services.history import note
from controlplane.blocking.services.rows import check_not_over, enqueue_push, found, locked
from controlplane.blocking.types import BlockStatus, Draft, Limits, Person, Stage, Verdict
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, NotFound, Stale

_REASONS = ("threat", "finding", "manual")


def create(preview_id: str, stage: str, reason: Mapping[str, Any], author: Person) -> Block:
    """A block from a fresh preview, which is used up by it. The gates are asked again; nothing is stored when one
    refuses.
    """
    now = utc_now()
    preview = _preview(preview_id, now)
    if reason.get("kind") not in _REASONS:
        raise Invalid("invalid-reason", "A reason is a threat, a finding or manual. Nothing was created.")
    wanted = _stage(stage)
    draft = parse_draft(preview.draft)
    verdicts = ask(question(draft, WEEK_SECONDS, now))
    refused = refusals(verdicts)
    if refused or not preview.result["allowed"]:
        why = refused or "No chosen target can express it."
        raise Conflict("gate-refused", f"{why} Nothing was created or pushed.")
    held = worst(verdicts) is Verdict.NEEDS_APPROVAL and wanted is Stage.BLOCK
    with transaction.atomic():
        preview = _preview(preview_id, now, lock=True)
        block = _store(preview, draft, wanted, reason, author, now, held=held)
        preview.used_for = block.id
        preview.save(update_fields=["used_for"])
        record("block.create", target=block.id, before=None, after=_audited(block), reason=block.reason_text)
        sentence = f"Created to {wanted.value}; ends {block.expires_at:%Y-%m-%d %H:%M} UTC."
        note(block, "created", sentence, author.name)
        if held:
            note(block, "awaiting_approval", "Waits for a second person; nothing was pushed.", author.name)
        else:
            enqueue_push(block)
    return block


def promote(block_id: str, author: Person) -> Block:
    """From counting to blocking; the gates are asked again on what has come in since.

    A promotion that needs a second person goes on counting until there is one.
    """
    verdicts = ask(stored_question(found(block_id), utc_now()))
    refused = refusals(verdicts)
    if refused:
        raise Conflict("gate-refused", f"{refused} The block goes on counting.")
    with transaction.atomic():
        block = locked(block_id)
        if block.status != BlockStatus.COUNTING:
            raise Conflict(
                "not-counting",
                f"The block is {block.status}; only a counting one can be promoted. Nothing was changed.",
            )
        check_not_over(block, utc_now())
        held = worst(verdicts) is Verdict.NEEDS_APPROVAL
        block.needs_approval, block.asked_by = held, author.id
        block.approved_by, block.approved_hash = "", ""
        if held:
            block.status = BlockStatus.AWAITING_APPROVAL.value
        else:
            block.status, block.stage = BlockStatus.PENDING.value, Stage.BLOCK.value
            block.targets.update(state=BlockTarget.State.PENDING)
        block.save()
        after = {"stage": block.stage, "status": block.status}
        record("block.promote", target=block.id, before={"stage": "count"}, after=after, reason="")
        if held:
            sentence = "To be promoted; goes on counting until a second person agrees."
            note(block, "awaiting_approval", sentence, author.name)
        else:
            note(block, "promoted", "Promoted from counting to blocking.", author.name)
            enqueue_push(block)
    return block


def extend(block_id: str, ttl_seconds: int, author: str) -> Block:
    """Move the end to ``ttl_seconds`` from now; what is past its time stays over."""
    limit = Limits().max_ttl_seconds
    if not 0 < ttl_seconds <= limit:
        sentence = f"ttl_seconds must be 1 to {limit}."
        raise Invalid("invalid-ttl", f"{sentence} Nothing was changed.", fields={"ttl_seconds": [sentence]})
    with transaction.atomic():
        block = locked(block_id)
        check_not_over(block, utc_now())
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


def _preview(preview_id: str, now: datetime, *, lock: bool = False) -> Preview:
    rows = Preview.objects.select_for_update() if lock else Preview.objects
    preview = rows.filter(pk=preview_id).first()
    if preview is None:
        raise NotFound("preview-not-found", "There is no such preview. Nothing was created.")
    if preview.expires_at <= now:
        raise Stale(
            "preview-stale", "The preview is older than 15 minutes. Nothing was created. Preview it again."
        )
    if preview.used_for:
        raise Stale(
            "preview-used",
            f"The preview became block {preview.used_for}. Nothing more was created. Preview again.",
        )
    return preview


def _store(
    preview: Preview,
    draft: Draft,
    stage: Stage,
    reason: Mapping[str, Any],
    author: Person,
    now: datetime,
    *,
    held: bool,
) -> Block:
    block = Block.objects.create(
        match=preview.draft["match"],
        action=preview.draft["action"],
        rate=preview.draft["rate"],
        stage=stage.value,
        status=(BlockStatus.AWAITING_APPROVAL if held else BlockStatus.PENDING).value,
        reason_kind=reason["kind"],
        reason_id=reason.get("id") or "",
        reason_text=reason.get("text", ""),
        author=author.name,
        asked_by=author.id,
        needs_approval=held,
        preview=preview.result,
        created_at=now,
        expires_at=now + timedelta(seconds=draft.ttl_seconds),
    )
    named = {(t["connection_id"], t["ref"]): t for t in preview.result["targets"]}
    for target in draft.targets:
        shown = named.get((target.connection_id, target.ref), {})
        BlockTarget.objects.create(
            block=block,
            connection=target.connection_id,
            ref=target.ref,
            name=shown.get("name", target.ref),
            kind=shown.get("kind", ""),
        )
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


def _audited(block: Block) -> dict[str, object]:
    return {
        "match": block.match,
        "action": block.action,
        "stage": block.stage,
        "expires_at": block.expires_at.isoformat(),
    }
