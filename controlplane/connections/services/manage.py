"""Create, change, disable and delete connections. Every change is audited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from connectors.base.capabilities import Capability
from connectors.base.manifest import Manifest
from controlplane.connections.models import Connection
from controlplane.connections.services import form
from controlplane.connections.services.health import settle
from controlplane.connections.services.opening import get, manifest_of
from controlplane.connections.services.roster import leave_out
from controlplane.connections.types import ConnectionStatus
from controlplane.runners import queries as runners
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, NotFound
from tenants.ids import new_id
from tenants.jobs.events import emit

#: Leaves a connection's runner as it is.
KEEP: Final = "keep"


def create(
    connector: str,
    name: str,
    settings: Mapping[str, Any] | None = None,
    runner_id: str | None = None,
    *,
    organization: Connection | None = None,
) -> Connection:
    """A new connection with the values we make for it; a draft until settings are given and complete.

    One of an account of ``organization`` has the values that were made for that: every account was granted with them.

    Raises ``Invalid`` for an unknown connector, wrong settings or an unknown runner and ``Conflict`` for a name in use.
    """
    manifest = manifest_of(connector)
    with transaction.atomic():
        _free(name)
        connection = Connection(id=new_id("con"), name=name.strip(), connector=connector)
        connection.runner_id = _runner(runner_id)  # type: ignore[assignment]  # the stubs forget null=True
        form.generate(connection, manifest)
        if organization is not None:
            connection.generated, connection.member_of = dict(organization.generated), organization.id
        form.put(connection, manifest, settings or {})
        connection.save(force_insert=True)
        record(
            "connection.create",
            target=connection.id,
            after={
                "name": name,
                "connector": connector,
                "runner": connection.runner_id,
                **({"organization": organization.id} if organization else {}),
            },
        )
        if settings is not None or not form.has_fields(manifest):
            _announce(connection)
    return connection


def update(
    connection_id: str,
    *,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    runner_id: str | None = KEEP,
) -> Connection:
    """Change name, settings and runner (None: connect directly); complete settings start a first read at once."""
    with transaction.atomic():
        connection = _locked(connection_id)
        manifest = manifest_of(connection.connector)
        before = _shown(connection, manifest)
        if name is not None and name.strip() != connection.name:
            _free(name)
            connection.name = name.strip()
        if settings is not None:
            form.put(connection, manifest, settings)
        if runner_id != KEEP:
            connection.runner_id = _runner(runner_id)  # type: ignore[assignment]  # the stubs forget null=True
        connection.save()
        record("connection.update", target=connection.id, before=before, after=_shown(connection, manifest))
        if settings is not None or runner_id != KEEP:
            _announce(connection)
    return connection


def rejoin(connection_id: str, organization: Connection, settings: Mapping[str, Any]) -> Connection:
    """Give a connection that was made for an organisation the settings and the values of the one it belongs to now."""
    with transaction.atomic():
        connection = _locked(connection_id)
        manifest = manifest_of(connection.connector)
        before = {**_shown(connection, manifest), "organization": connection.member_of}
        connection.generated, connection.member_of = dict(organization.generated), organization.id
        form.put(connection, manifest, settings)
        connection.save()
        after = {**_shown(connection, manifest), "organization": organization.id}
        record("connection.update", target=connection.id, before=before, after=after)
        _announce(connection)
    return connection


def disable(connection_id: str) -> Connection:
    """Stop reading; what was learnt stays."""
    with transaction.atomic():
        connection = _locked(connection_id)
        _move(
            connection,
            ConnectionStatus.DISABLED,
            "Switched off by a member; nothing is read.",
        )
        record("connection.disable", target=connection.id)
    return connection


def enable(connection_id: str) -> Connection:
    """Read again, at once."""
    with transaction.atomic():
        connection = _locked(connection_id)
        _move(connection, ConnectionStatus.DRAFT, "")
        record("connection.enable", target=connection.id)
        _announce(connection)
    return connection


def delete(connection_id: str) -> None:
    """Remove the connection with its settings, secrets, snapshots and cursor; calls and endpoints stay."""
    with transaction.atomic():
        connection = _locked(connection_id)
        record("connection.delete", target=connection.id, before={"name": connection.name})
        emit("connection.deleted", connection_id=connection.id)
        leave_out(connection)
        connection.delete()


def rotate_token(connection_id: str) -> str:
    """A new ingest token; the old one stops working at once. The token is returned this once."""
    with transaction.atomic():
        connection = _locked(connection_id)
        if not connection.ingest_token_hash:
            raise Conflict(
                "no-ingest-token",
                "This connector takes no pushed calls, so it has no token to change.",
            )
        token = form.new_token()
        form.set_token(connection, token)
        connection.save(update_fields=["ingest_token_hash", "ingest_token_sealed"])
        record("connection.rotate_token", target=connection.id)
    return token


def set_counts(connection_id: str, *, services: int, endpoints: int) -> None:
    """Note how many services and endpoints inventory holds for the connection."""
    Connection.objects.filter(pk=connection_id).update(services=services, endpoints=endpoints)


def mark_connected(connection_id: str, sentence: str) -> None:
    """Calls arrived by themselves (an import, a push): the connection works, and the sentence says what came."""
    with transaction.atomic():
        connection = Connection.objects.select_for_update().filter(pk=connection_id).first()
        if connection is not None:
            settle(connection, sentence)
            connection.save(update_fields=["status", "status_reason"])


def _shown(connection: Connection, manifest: Manifest) -> dict[str, Any]:
    """What the audit trail says of a connection."""
    return {
        "name": connection.name,
        "settings": form.masked(connection, manifest),
        "runner": connection.runner_id,
    }


def _runner(runner_id: str | None) -> str | None:
    if runner_id is None:
        return None
    try:
        return runners.runner(runner_id).id
    except NotFound as error:
        raise Invalid(
            "no-such-runner",
            "There is no runner with this id. Nothing was saved.",
            fields={"runner": ["names no runner"]},
        ) from error


def _announce(connection: Connection) -> None:
    manifest = manifest_of(connection.connector)
    if connection.status == ConnectionStatus.DISABLED or not form.is_complete(connection, manifest):
        return
    reads = manifest.capabilities & {Capability.ACCESS, Capability.CONFIG}
    sentence = "The first read is under way." if reads else "Waits for the first calls."
    _move(connection, ConnectionStatus.CHECKING, sentence)
    emit("connection.saved", connection_id=connection.id)


def _move(connection: Connection, status: ConnectionStatus, reason: str) -> None:
    connection.status, connection.status_reason = status, reason
    connection.save(update_fields=["status", "status_reason"])


def _locked(connection_id: str) -> Connection:
    get(connection_id)
    return Connection.objects.select_for_update().get(pk=connection_id)


def _free(name: str) -> None:
    if not name.strip():
        raise Invalid(
            "name-missing",
            "A connection needs a name. Nothing was saved.",
            fields={"name": ["is empty"]},
        )
    if Connection.objects.filter(name=name.strip()).exists():
        raise Conflict(
            "name-taken",
            f"There is a connection named {name.strip()} already. Nothing was saved.",
        )
