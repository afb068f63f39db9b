"""Read a connection's configuration and keep it; a failed read never loses what was known."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from connectors.base.capabilities import Capability, ConfigReader
from connectors.base.errors import ConnectorError
from connectors.base.model import Completeness, ConfigSnapshot
from controlplane.connections import documents
from controlplane.connections.models import Connection, Snapshot, SyncRun
from controlplane.connections.services.access import fail, problem
from controlplane.connections.services.health import settle
from controlplane.connections.services.opening import get, manifest_of, open_connector
from controlplane.connections.types import RunKind, RunState
from tenants.audit.services import record
from tenants.errors import Conflict, DomainError, NotFound
from tenants.jobs.events import emit


def request(connection_id: str) -> SyncRun:
    """Note a run that a job will carry out; a run that is still waiting is answered again."""
    connection = get(connection_id)
    if Capability.CONFIG not in manifest_of(connection.connector).capabilities:
        raise Conflict(
            "capability-missing",
            "This connector has no configuration to read. Nothing was started.",
        )
    waiting = SyncRun.objects.filter(
        connection=connection, kind=RunKind.CONFIG, state=RunState.QUEUED
    ).first()
    if waiting is not None:
        return waiting
    return SyncRun.objects.create(
        connection=connection, kind=RunKind.CONFIG, total=2, step="waiting for a worker"
    )


def ask(connection_id: str) -> SyncRun:
    """Have the configuration read as soon as a worker is free, because somebody wants it."""
    from controlplane.connections.jobs import run_sync  # jobs import the services

    with transaction.atomic():
        wanted = request(connection_id)
        record("connection.sync", target=connection_id, after={"run": wanted.id})
        run_sync.enqueue(wanted.id, unique_key=wanted.id)
    return wanted


def run(run_id: str) -> SyncRun:
    """Carry out a requested run: read, store, announce. Running it again after it ended changes nothing."""
    with transaction.atomic():
        current = SyncRun.objects.select_for_update().filter(pk=run_id).first()
        if current is None:
            raise NotFound(
                "no-such-run",
                "This run went away with its connection; nothing was read.",
            )
        if current.state in {RunState.DONE, RunState.FAILED}:
            return current
        _progress(current, RunState.RUNNING, "reading the configuration", 0)
    try:
        reader: ConfigReader = open_connector(current.connection_id, Capability.CONFIG)
        snapshot = reader.read_config()
    except ConnectorError as error:
        with transaction.atomic():
            fail(current.connection_id, error)
            _end(current, RunState.FAILED, problem(error))
        return current
    except DomainError as error:
        _end(current, RunState.FAILED, problem(error))
        return current
    with transaction.atomic():
        store(current.connection_id, snapshot, timezone.now())
        current.counts = documents.counts(snapshot)
        _progress(current, RunState.RUNNING, "storing what was read", 1)
        _end(current, RunState.DONE, None)
    return current


def store(connection_id: str, snapshot: ConfigSnapshot, now: datetime) -> Snapshot:
    """Keep a snapshot and announce it; equal content only moves the time of reading. One transaction.

    The connection is *connected* when every section was read and the last check was denied nothing that reading needs,
    and *degraded* otherwise, with the reasons.
    """
    digest = documents.digest(snapshot)
    with transaction.atomic():
        connection = Connection.objects.select_for_update().get(pk=connection_id)
        latest = Snapshot.objects.filter(connection=connection).order_by("-id").first()
        if latest is not None and latest.digest == digest:
            latest.read_at = now
            latest.save(update_fields=["read_at"])
            kept = latest
        else:
            kept = Snapshot.objects.create(
                connection=connection,
                digest=digest,
                document=documents.to_document(snapshot),
                sections=documents.sections(snapshot),
                counts=documents.counts(snapshot),
                first_read_at=now,
                read_at=now,
            )
        if any(part.completeness is not Completeness.UNKNOWN for part in snapshot.sections):
            connection.last_sync_at = connection.last_verified_at = now
        connection.error = None
        settle(connection)
        connection.save()
        emit("config.read", connection_id=connection.id, snapshot_id=kept.id)
    return kept


def _progress(run: SyncRun, state: RunState, step: str, done: int) -> None:
    run.state, run.step, run.done = state, step, done
    run.started_at = run.started_at or timezone.now()
    run.save()


def _end(run: SyncRun, state: RunState, error: dict[str, str] | None) -> None:
    run.state, run.error, run.finished_at = state, error, timezone.now()
    if state is RunState.DONE:
        run.step, run.done = "done", run.total
    run.save()
