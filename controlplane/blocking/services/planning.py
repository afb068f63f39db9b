"""What should stand on one target now, by the tenant's blocks. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from connectors.base.intent import BlockAction, BlockIntent
from controlplane.blocking.drafts import parse_match, parse_rate
from controlplane.blocking.gates import ask, refusals, worst
from controlplane.blocking.models import Block, BlockTarget
from controlplane.blocking.services.approving import is_approved
from controlplane.blocking.services.asking import NO_EFFECT, protected_networks, stored_draft
from controlplane.blocking.types import (
    LEAVING,
    WANTED,
    BlockStatus,
    Limits,
    Protected,
    Question,
    Stage,
    TargetRef,
    Verdict,
)
from tenants.errors import Invalid

_STANDING = (BlockTarget.State.ENFORCED, BlockTarget.State.OBSERVED, BlockTarget.State.DRIFTED)
#: Blocks that a push deals with: wanted, leaving, and counting while a second person is waited for.
ATTENDED = Q(block__status__in=[s.value for s in (*WANTED, *LEAVING)]) | Q(
    block__status=BlockStatus.AWAITING_APPROVAL.value, block__stage=Stage.COUNT.value
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted on a target: intents that stood at the last look, new ones, and why others may not."""

    rows: Sequence[BlockTarget]
    standing: Sequence[BlockIntent]
    fresh: Sequence[BlockIntent]
    refused: Mapping[str, str]  # by block id
    made_at: datetime

    @property
    def intents(self) -> dict[str, BlockIntent]:
        """Every wanted intent by block id."""
        return {intent.id: intent for intent in (*self.standing, *self.fresh)}

    @property
    def leaving(self) -> list[BlockTarget]:
        """Rows whose block must not stand there any more."""
        return [row for row in self.rows if row.block_id not in self.intents]

    def split(self) -> tuple[Plan, Plan]:
        """What stands and what leaves, and what is new, as plans of their own."""
        new = {intent.id for intent in self.fresh}
        old_rows = [row for row in self.rows if row.block_id not in new]
        new_rows = [row for row in self.rows if row.block_id in new]
        return replace(self, rows=old_rows, fresh=()), replace(self, rows=new_rows, standing=(), refused={})

    @property
    def steady(self) -> bool:
        """Whether nothing was asked for since the last look: then any difference was made by somebody else."""
        return bool(self.standing) and not self.fresh and not self.leaving


def active_targets() -> list[TargetRef]:
    """Every target that a block stands on, is wanted on or is being taken from."""
    rows = BlockTarget.objects.filter(ATTENDED).values_list("connection", "ref")
    return [TargetRef(*pair) for pair in sorted(set(rows))]


def plan(ref: TargetRef, now: datetime) -> Plan:
    """What should stand on ``ref`` at ``now``. Gates that need no past traffic are asked again."""
    rows = list(
        BlockTarget.objects.select_related("block")
        .prefetch_related("block__targets")
        .filter(ATTENDED, connection=ref.connection_id, ref=ref.ref)
        .order_by("block_id")
    )
    protected = protected_networks()
    standing: list[BlockIntent] = []
    fresh: list[BlockIntent] = []
    refused: dict[str, str] = {}
    for row in rows:
        if row.block.status in LEAVING or row.block.expires_at <= now:
            continue
        try:
            why = _refusal(row.block, protected, now)
            intent = intent_of(row.block)
        except Invalid as error:
            why = error.detail
        if why:
            refused[row.block_id] = why
        elif row.state in _STANDING:
            standing.append(intent)
        else:
            fresh.append(intent)
    return Plan(rows, standing, fresh, refused, now)


def intent_of(block: Block) -> BlockIntent:
    """The neutral intent of a stored block at its present stage."""
    action = BlockAction.COUNT if block.stage == Stage.COUNT else BlockAction(block.action)
    return BlockIntent(
        block.id,
        parse_match(block.match),
        action,
        block.expires_at,
        block.reason_text,
        parse_rate(block.rate),
    )


def _refusal(block: Block, protected: tuple[Protected, ...], now: datetime) -> str:
    """Why the block may not stand now although it was asked for; "" when it may."""
    asked = Question(stored_draft(block, now), NO_EFFECT, protected, Limits(), 0, 0.0)
    verdicts = ask(asked, at_push=True)
    refused = refusals(verdicts)
    if refused:
        return f"{refused} It is not pushed, and taken away where it stood."
    if block.stage == Stage.COUNT:
        return ""
    unasked = worst(verdicts) is Verdict.NEEDS_APPROVAL and not block.approved_by
    if unasked or not is_approved(block):
        return "It lacks a second person's approval for exactly what it is now, so it is not pushed."
    return ""
