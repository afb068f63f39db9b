"""Make, enrol and remove runners; hand work to them and take their answers."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.db.models import ProtectedError

from connectors.runner import wire
from controlplane.runners.models import TABLE, RelayedRequest, Runner
from controlplane.runners.queries import runner
from controlplane.runners.types import ENROLMENT, NewRunner
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, Unauthenticated
from tenants.vault.services import keyed_hash, seal, unseal

_RUNNERS: Final = "runners_runner"
_AT_ONCE: Final = 8
#: A runner asks again at once while there is work, else every other second.
_BUSY_SECONDS: Final = 30
_WAIT_BUSY, _WAIT_IDLE = 0.1, 2.0
_SEEN_EVERY: Final = 10


@transaction.atomic
def create(name: str, now: datetime) -> NewRunner:
    """A runner that waits for its enrolment; ``Invalid`` or ``Conflict`` for its name."""
    name = name.strip()
    if not name:
        raise Invalid(
            "name-missing", "A runner needs a name. Nothing was made.", fields={"name": ["is empty"]}
        )
    if Runner.objects.filter(name=name).exists():
        raise Conflict("name-taken", f"There is a runner named {name} already. Nothing was made.")
    row = Runner.objects.create(name=name)
    record("runner.create", row.id, after={"name": name})
    return _invited(row, now)


@transaction.atomic
def renew(runner_id: str, now: datetime) -> NewRunner:
    """A new enrolment token; the runner enrolled so far is known no longer, at once."""
    row = Runner.objects.select_for_update().get(pk=runner(runner_id).pk)
    row.public_key, row.enrolled_at, row.last_seen_at = "", None, None
    record("runner.renew", row.id, after={"name": row.name})
    return _invited(row, now)


@transaction.atomic
def delete(runner_id: str) -> None:
    """Remove a runner, at once; ``Conflict`` while a connection uses it."""
    row = runner(runner_id)
    record("runner.delete", row.id, before={"name": row.name})
    try:
        row.delete()
    except ProtectedError as error:
        using = ", ".join(sorted(map(str, error.protected_objects)))
        raise Conflict(
            "runner-in-use",
            f"Connections go through this runner: {using}. Nothing was removed.",
            action="Let them connect directly or through another runner first.",
        ) from error


@transaction.atomic
def enrol(shown: wire.Enrolment, now: datetime) -> wire.Enrolled:
    """Take a runner's public key for its enrolment token; ``Unauthenticated`` when that is wrong, used or too old."""
    hashed = keyed_hash("runner-enrolment", shown.token)
    row = Runner.objects.select_for_update().filter(enrolment_hash=hashed).first()
    if not shown.token or row is None or row.enrolment_expires_at is None or row.enrolment_expires_at < now:
        raise Unauthenticated(
            "enrolment-refused",
            "The enrolment token is wrong, was used, or is older than an hour. Nothing was enrolled. "
            "Make a new one under Settings, Runners.",
        )
    try:
        wire.public_key(shown.public_key)
    except wire.NotGenuine as error:
        raise Invalid("bad-key", f"{error} Nothing was enrolled.") from error
    key = Ed25519PrivateKey.generate()
    private = base64.b64encode(key.private_bytes_raw()).decode()
    row.public_key, row.version = shown.public_key, shown.version[:40]
    row.work_key = seal(private, table=_RUNNERS, field="work_key", row=row.id)
    row.enrolment_hash, row.enrolment_expires_at = "", None
    row.enrolled_at = row.last_seen_at = now
    row.save()
    record("runner.enrol", row.id, after={"name": row.name, "public_key": row.public_key})
    return wire.Enrolled(row.id, row.name, wire.public_text(key.public_key()))


def known(headers: Mapping[str, str], path: str, body: bytes, now: datetime) -> Runner:
    """The runner whose signed call this is; one answer, ``Unauthenticated``, for everything else."""
    row = Runner.objects.filter(pk=headers.get(wire.RUNNER_HEADER, "")).exclude(public_key="").first()
    try:
        if row is None:
            raise wire.NotGenuine("no such runner")
        wire.verify_call(headers, wire.public_key(row.public_key), "POST", path, body, now.timestamp())
    except wire.NotGenuine as error:
        raise Unauthenticated(
            "runner-refused", "This is no call of an enrolled runner, or its clock is wrong."
        ) from error
    return row


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
    private = unseal(row.work_key, table=_RUNNERS, field="work_key", row=row.id)
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private))
    work = tuple(wire.sealed_work(wire.unpacked(wire.Work, _opened(one, "work")), key) for one in waiting)
    return wire.Handed(work, _WAIT_BUSY)


def take(row: Runner, answer: wire.Answer) -> None:
    """Keep a runner's answer for the worker that waits; one that nobody waits for any more is dropped."""
    if len(answer.content) > wire.MAX_ANSWER_BYTES:
        answer = wire.Answer(answer.work_id, failure=wire.Failure("transient", "The answer was too large."))
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


def _invited(row: Runner, now: datetime) -> NewRunner:
    token = f"pclrun_{secrets.token_urlsafe(32)}"
    row.enrolment_hash = keyed_hash("runner-enrolment", token)
    row.enrolment_expires_at = now + ENROLMENT
    row.save()
    return NewRunner(row.id, token, row.enrolment_expires_at)


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
