"""Test what a connection may do, permission by permission, and remember the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from connectors.base.capabilities import AccessCheck, Capability, Grant, Permission
from connectors.base.errors import ConnectorError
from controlplane.connections.models import Connection, PermissionResult
from controlplane.connections.services.health import denied, settle
from controlplane.connections.services.opening import get, open_connector
from controlplane.connections.types import ConnectionStatus
from tenants.audit.services import record
from tenants.errors import DomainError

_ALL = "All read permissions are granted."


@dataclass(frozen=True, slots=True)
class AccessReport:
    """Outcome of a check: every permission tested, or the error that kept us from testing."""

    ok: bool
    checked_at: datetime
    permissions: tuple[Permission, ...] = ()
    error: dict[str, str] | None = None


def problem(error: ConnectorError | DomainError) -> dict[str, str]:
    """An error as it is stored and shown: what happened, what was not changed, what to do."""
    if isinstance(error, DomainError):
        return {"code": error.code, "detail": error.detail, "unchanged": "", "action": error.action}
    return {
        "code": error.code,
        "detail": error.what,
        "unchanged": error.unchanged,
        "action": error.action,
    }


def check(connection_id: str) -> AccessReport:
    """Test every permission now. The last known permissions stay when the test itself fails."""
    connection = get(connection_id)
    checker: AccessCheck = open_connector(connection_id, Capability.ACCESS)
    now = timezone.now()
    try:
        permissions = tuple(checker.check())
    except ConnectorError as error:
        with transaction.atomic():
            Connection.objects.filter(pk=connection.id).update(
                error=problem(error), permissions_checked_at=now
            )
            fail(connection.id, error)
            record(
                "connection.check",
                target=connection.id,
                after={"ok": False, "error": error.code},
            )
        return AccessReport(False, now, error=problem(error))
    with transaction.atomic():
        _store(connection, permissions, now)
        reads = [entry for entry in permissions if entry.access == "read" or entry.proof]
        ok = bool(permissions) and all(entry.grant is Grant.GRANTED for entry in reads)
        record(
            "connection.check",
            target=connection.id,
            after={"ok": ok, "permissions": len(permissions)},
        )
    return AccessReport(ok, now, permissions)


def fail(connection_id: str, error: ConnectorError | DomainError) -> None:
    """Set the connection's health to the error's sentence; snapshots and permissions stay as they were."""
    told = problem(error)
    sentence = " ".join(told[part] for part in ("detail", "unchanged", "action") if told[part])
    Connection.objects.filter(pk=connection_id).exclude(status=ConnectionStatus.DISABLED).update(
        status=ConnectionStatus.FAILED, status_reason=sentence, error=told
    )


def recovered(connection_id: str, error: dict[str, str] | None) -> None:
    """What failed with ``error`` works again; a failure of another kind stays shown."""
    failed = Connection.objects.filter(pk=connection_id, status=ConnectionStatus.FAILED, error=error)
    with transaction.atomic():
        connection = failed.select_for_update().first()
        if connection is not None:
            settle(connection)
            connection.error = None
            connection.save(update_fields=["status", "status_reason", "error"])


def _store(connection: Connection, permissions: tuple[Permission, ...], now: datetime) -> None:
    connection.permissions.all().delete()
    PermissionResult.objects.bulk_create(
        PermissionResult(
            connection=connection,
            position=position,
            action=entry.action,
            purpose=entry.purpose,
            access=entry.access,
            grant=entry.grant.value,
            detail=entry.detail,
            fix=entry.fix,
            proof=entry.proof,
            checked_at=now,
        )
        for position, entry in enumerate(permissions)
    )
    unsure = [entry for entry in permissions if entry.access == "read" and entry.grant is Grant.UNKNOWN]
    changes: dict[str, object] = {
        "permissions_checked_at": now,
        "last_verified_at": now,
        "error": None,
    }
    if sentence := denied(connection):
        changes["status"] = ConnectionStatus.DEGRADED
        changes["status_reason"] = sentence
    elif unsure:
        changes["status_reason"] = f"Not tested: {', '.join(entry.action for entry in unsure[:5])}."
    elif connection.status in {
        ConnectionStatus.FAILED,
        ConnectionStatus.DRAFT,
        ConnectionStatus.CHECKING,
    }:
        changes["status"] = ConnectionStatus.CONNECTED
        changes["status_reason"] = _ALL
    elif connection.status == ConnectionStatus.DEGRADED:
        settle(connection, _ALL)
        changes["status"], changes["status_reason"] = connection.status, connection.status_reason
    if connection.status == ConnectionStatus.DISABLED:
        changes.pop("status", None)
        changes.pop("status_reason", None)
    Connection.objects.filter(pk=connection.id).update(**changes)
