"""Work for runners: put down by who waits, handed out signed, answered, collected. Both ways sealed."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from connectors.runner import wire
from controlplane.runners.models import RUNNERS, TABLE, RelayedRequest, Runner
from tenants.vault.services import seal, unseal

_AT_ONCE: Final = 4
#: A runner asks again at once while there is work, else every other second.
_BUSY_SECONDS: Final = 30
_WAIT_BUSY, _WAIT_IDLE = 0.1, 2.0
_SEEN_EVERY: Final = 10


@transaction.atomic
def hand_out(row: Runner, poll: wire.Poll, now: datetime) -> wire.Handed:
    """Signed work that waits for the runner, each piece once, and how soon it should ask again."""
    waiting = list(
        RelayedRequest.objects.select_for_update(skip_locked=True)
        .filter(runner=row, state=RelayedRequest.State.WAITING, expires_at__gt=now)
        .order_by("id")[:_AT_ONCE]
    )
    RelayedRequest.objects.filter(pk__in=[one.pk for one in waiting]).update(
        state=RelayedRequest.State.HANDED
    )
    _seen(row, poll, now, worked=bool(waiting))
    if not waiting:
        busy = row.last_work_at is not None and (now - row.last_work_at).total_seconds() < _BUSY_SECONDS
        return wire.Handed((), _WAIT_BUSY if busy else _WAIT_IDLE)
    private = unseal(row.work_key, table=RUNNERS, field="work_key", row=row.id)
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private))
    work = tuple(
        wire.sealed_work(wire.unpacked(wire.Work, _opened(one, "work")), key, now.timestamp())
        for one in waiting
    )
    return wire.Handed(work, _WAIT_BUSY)


def take(row: Runner, answer: wire.Answer) -> None:
    """Keep a runner's answer for the worker that waits; one that nobody waits for any more is dropped."""
    if len(answer.content) > wire.MAX_ANSWER_BYTES:
        answer = wire.Answer(
            answer.work_id, failure=wire.Failure(wire.FailureKind.VENDOR, "The answer was too large.")
        )
    text = base64.b64encode(wire.packed(answer)).decode()
    RelayedRequest.objects.filter(
        pk=answer.work_id, runner=row, state=RelayedRequest.State.HANDED
    ).update(
        state=RelayedRequest.State.ANSWERED,
        answer=seal(text, table=TABLE, field="answer", row=answer.work_id),
    )  # fmt: skip


def put(work: wire.Work, expires_at: datetime) -> None:
    """Put work down for its runner."""
    text = base64.b64encode(wire.packed(work)).decode()
    RelayedRequest.objects.create(
        id=work.id,
        runner_id=work.runner_id,
        work=seal(text, table=TABLE, field="work", row=work.id),
        expires_at=expires_at,
    )


def collect(work_id: str) -> wire.Answer | None:
    """The answer to work that was put down, if there is one; its row is gone then."""
    answered = RelayedRequest.objects.filter(pk=work_id, state=RelayedRequest.State.ANSWERED).first()
    if answered is None:
        return None
    answer = wire.unpacked(wire.Answer, _opened(answered, "answer"))
    answered.delete()
    return answer


def drop(work_id: str) -> bool:
    """Take work back that nobody waits for any more; True when the runner had not been given it."""
    waiting = RelayedRequest.objects.filter(pk=work_id, state=RelayedRequest.State.WAITING).delete()[0]
    RelayedRequest.objects.filter(pk=work_id).delete()
    return bool(waiting)


def clear(now: datetime) -> int:
    """Remove requests that are over, left behind by workers that died."""
    return RelayedRequest.objects.filter(expires_at__lt=now).delete()[0]


def _seen(row: Runner, poll: wire.Poll, now: datetime, *, worked: bool) -> None:
    """Note that a runner was heard of, not at every one of its calls."""
    allowed = sorted(text[:260] for text in poll.allowed[:100])
    told = (row.version, row.allowed, row.read_only) != (poll.version[:40], allowed, poll.read_only)
    recent = row.last_seen_at is not None and (now - row.last_seen_at).total_seconds() < _SEEN_EVERY
    if recent and not told and not worked:
        return
    row.version, row.allowed, row.read_only, row.last_seen_at = (
        poll.version[:40],
        allowed,
        poll.read_only,
        now,
    )
    if worked:
        row.last_work_at = now
    row.save(update_fields=["version", "allowed", "read_only", "last_seen_at", "last_work_at"])


def _opened(one: RelayedRequest, field: str) -> bytes:
    return base64.b64decode(unseal(getattr(one, field), table=TABLE, field=field, row=one.id))
