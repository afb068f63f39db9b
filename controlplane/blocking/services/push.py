"""The desired-state reconciler: what should stand on a target → read → compile → diff → write → read back.

The same path pushes, expires, undoes and repairs drift. One reconcile per target runs at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from ipaddress import ip_network

from django.db import connection as database
from django.db import transaction

from connectors.base.enforcement import OWNERSHIP_PREFIX, Applied, Change, Program, State
from connectors.base.errors import ConflictError, ConnectorError, RefusedError
from connectors.base.intent import BlockAction, BlockIntent, Compiled, Exactness
from controlplane.blocking.drafts import parse_match, parse_rate
from controlplane.blocking.gates.protected import SPECIAL
from controlplane.blocking.models import Block, BlockTarget, TargetImage
from controlplane.blocking.services.asking import protected_networks, utc_now
from controlplane.blocking.services.history import note
from controlplane.blocking.services.targeting import OpenTarget, open_target
from controlplane.blocking.types import LEAVING, WANTED, BlockStatus, Stage, TargetRef

_CONFLICT_TRIES = 5


def reconcile(connection_id: str, ref: str) -> None:
    """Bring one target to what the tenant's blocks want. Raises ``ConnectorError`` after noting it, for a retry."""
    with transaction.atomic():
        _one_push(connection_id, ref)
        opened = open_target(TargetRef(connection_id, ref))
        now = utc_now()
        rows = _rows(connection_id, ref)
        wanted, refused = _wanted(rows, now)
        try:
            if opened.enforcer is None:
                raise ConnectorError(opened.error)
            program, applied = _converge(opened, [intent for _, intent in wanted])
        except ConnectorError as error:
            failure: ConnectorError | None = error
            _failed(rows, error)
        else:
            failure = None
            _succeeded(rows, refused, program, applied, now)
    if failure is not None:
        raise failure


def _one_push(connection_id: str, ref: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 11))",
            [f"{connection_id}:{ref}"],
        )


def _rows(connection_id: str, ref: str) -> list[BlockTarget]:
    statuses = [status.value for status in (*WANTED, *LEAVING)]
    return list(
        BlockTarget.objects.select_related("block")
        .filter(connection=connection_id, ref=ref, block__status__in=statuses)
        .order_by("block_id")
    )


def _wanted(
    rows: Sequence[BlockTarget], now: datetime
) -> tuple[list[tuple[BlockTarget, BlockIntent]], dict[str, str]]:
    """The intents that should stand, and by block id why others may not although they were asked for."""
    wanted, refused = [], {}
    for row in rows:
        block = row.block
        if block.status not in WANTED or block.expires_at <= now:
            continue
        clash = _protected_clash(block)
        if clash:
            refused[block.id] = clash
            continue
        wanted.append((row, intent_of(block)))
    return wanted, refused


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


def _protected_clash(block: Block) -> str:
    for text in block.match.get("networks", []):
        network = ip_network(text)
        for entry in (*protected_networks(), *SPECIAL):
            other = ip_network(entry.cidr)
            if network.version == other.version and network.overlaps(other):
                return f"{text} overlaps {entry.cidr} ({entry.label}), which has been protected since."
    return ""


def _guard(change: Change) -> None:
    """The last check before a write: only our own objects, or the one reference to them."""
    for side in (change.before, change.after):
        if side is not None and not side.ours:
            raise RefusedError(
                f"{change.object_kind} {change.name} is not ours ({OWNERSHIP_PREFIX} mark missing)."
            )


def _converge(opened: OpenTarget, intents: Sequence[BlockIntent]) -> tuple[Program, Applied | None]:
    assert opened.enforcer is not None
    assert opened.target is not None
    for attempt in range(1, _CONFLICT_TRIES + 1):
        state = opened.enforcer.read_state(opened.target)
        _keep_image(opened.ref, state)
        program = opened.enforcer.compile(intents, opened.target, state)
        diff = opened.enforcer.diff(program, state)
        if not diff.changes:
            return program, None
        try:
            applied = opened.enforcer.apply(diff, _guard)
        except ConflictError:
            if attempt == _CONFLICT_TRIES:
                raise
            continue
        left = opened.enforcer.diff(program, applied.after)
        if left.changes:
            names = ", ".join(change.name for change in left.changes[:3])
            raise ConnectorError(
                f"Read back, the target does not yet show {names}.", unchanged="The rest was written."
            )
        return program, applied
    raise AssertionError("unreachable: the loop returns or raises")


def _keep_image(ref: TargetRef, state: State) -> None:
    if not state.objects:
        TargetImage.objects.update_or_create(
            connection=ref.connection_id,
            ref=ref.ref,
            defaults={"foreign_digest": state.foreign_digest, "taken_at": utc_now(), "objects_before": []},
        )


def _failed(rows: Sequence[BlockTarget], error: ConnectorError) -> None:
    sentence = error.sentence()
    for row in rows:
        if row.error != sentence:
            note(row.block, "failed", sentence)
        row.state, row.error = BlockTarget.State.FAILED, sentence
        row.save(update_fields=["state", "error"])


def _succeeded(
    rows: Sequence[BlockTarget],
    refused: dict[str, str],
    program: Program,
    applied: Applied | None,
    now: datetime,
) -> None:
    outcomes = {outcome.intent_id: outcome for outcome in program.outcomes}
    documents = [asdict(item) | {"document": dict(item.document)} for item in program.objects]
    shown = [{"kind": d["kind"], "name": d["name"], "document": d["document"]} for d in documents]
    for row in rows:
        outcome = outcomes.get(row.block_id)
        if outcome is not None:
            _standing(row, outcome, shown, now)
        elif row.block_id in refused:
            row.state, row.error = BlockTarget.State.REFUSED, refused[row.block_id]
        else:
            row.state, row.error, row.vendor_objects = BlockTarget.State.REMOVED, "", []
        row.read_back_at = now
        row.save()
        _settle(row.block, now, applied is not None)


def _standing(row: BlockTarget, outcome: Compiled, shown: list[dict[str, object]], now: datetime) -> None:
    row.exactness = outcome.exactness.value
    row.reasons = list(outcome.reasons)
    row.covered = len(outcome.coverage.covered)
    row.uncovered = [{"ref": ref, "reason": reason} for ref, reason in outcome.coverage.uncovered]
    row.cost = outcome.cost
    row.error = ""
    row.vendor_objects = [] if outcome.exactness is Exactness.REFUSED else shown
    if outcome.exactness is Exactness.REFUSED:
        observed = row.block.stage == Stage.COUNT
        row.state = BlockTarget.State.OBSERVED if observed else BlockTarget.State.REFUSED
    else:
        row.state = BlockTarget.State.ENFORCED


def _settle(block: Block, now: datetime, changed: bool) -> None:
    """Move the block on once every target has been dealt with."""
    states = set(block.targets.values_list("state", flat=True))
    before = block.status
    if BlockTarget.State.PENDING in states or BlockTarget.State.FAILED in states:
        return
    if block.status in LEAVING or block.expires_at <= now:
        if states <= {BlockTarget.State.REMOVED, BlockTarget.State.REFUSED}:
            block.status = (
                BlockStatus.UNDONE if block.status == BlockStatus.UNDOING else BlockStatus.EXPIRED
            ).value
            block.ended_at = now
    elif block.status == BlockStatus.PENDING:
        block.status = (BlockStatus.COUNTING if block.stage == Stage.COUNT else BlockStatus.BLOCKING).value
    if block.status != before:
        block.save(update_fields=["status", "ended_at"])
        note(block, block.status, _sentence(BlockStatus(block.status), changed))


def _sentence(status: BlockStatus, changed: bool) -> str:
    seen = "Written and read back." if changed else "The target already stood as wanted."
    return {
        BlockStatus.COUNTING: f"Counting. {seen}",
        BlockStatus.BLOCKING: f"Blocking. {seen}",
        BlockStatus.EXPIRED: f"Expired and removed. {seen}",
        BlockStatus.UNDONE: f"Undone and removed. {seen}",
    }[status]
