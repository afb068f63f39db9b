"""Make, enrol and remove runners, and know their calls."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.db.models import ProtectedError

from connectors.runner import wire
from controlplane.runners.models import RUNNERS, Runner
from controlplane.runners.queries import runner
from controlplane.runners.types import ENROLMENT, NewRunner
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, Unauthenticated
from tenants.vault.services import keyed_hash, seal


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
    row.work_key = seal(private, table=RUNNERS, field="work_key", row=row.id)
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


def _invited(row: Runner, now: datetime) -> NewRunner:
    token = f"pclrun_{secrets.token_urlsafe(32)}"
    row.enrolment_hash = keyed_hash("runner-enrolment", token)
    row.enrolment_expires_at = now + ENROLMENT
    row.save()
    return NewRunner(row.id, token, row.enrolment_expires_at)
