"""Readers of connections for the API and for other apps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db.models import QuerySet

from connectors.base import registry
from connectors.base.capabilities import Capability, Grant
from connectors.base.enforcement import Target
from connectors.base.errors import ConnectorError
from connectors.base.manifest import Manifest
from connectors.base.model import ConfigSnapshot
from controlplane.connections import documents
from controlplane.connections.models import (
    Change,
    ChangeTrail,
    Connection,
    Organization,
    OrganizationAccount,
    PermissionResult,
    Snapshot,
    SyncRun,
)
from controlplane.connections.services.opening import get, open_connector
from controlplane.connections.services.rollout import is_organization
from controlplane.connections.types import (
    LIVE,
    ChangeReading,
    ConnectionRef,
    OrganizationReading,
    StoredSnapshot,
)
from tenants.errors import DomainError

log = structlog.get_logger(__name__)


def manifests() -> list[Manifest]:
    """Every connector that can be connected, by key."""
    return list(registry.offered().values())


def connections() -> QuerySet[Connection]:
    """All connections, newest first."""
    return Connection.objects.order_by("-id")


def connection(connection_id: str) -> Connection:
    """One connection; ``NotFound`` when there is none."""
    return get(connection_id)


def refs() -> list[ConnectionRef]:
    """Every connection by name, oldest first."""
    return [_ref(entry) for entry in Connection.objects.order_by("id")]


def ref(connection_id: str) -> ConnectionRef | None:
    """One connection by name; None when it was deleted."""
    found = Connection.objects.filter(pk=connection_id).first()
    return _ref(found) if found else None


def live(capability: Capability) -> list[ConnectionRef]:
    """Connections that jobs read from and whose connector has the capability."""
    rows = Connection.objects.filter(connector__in=_able(capability), status__in=LIVE).order_by("id")
    return [_ref(entry) for entry in rows]


def organizations() -> list[ConnectionRef]:
    """Connections that lead to an organisation and are not switched off."""
    rows = Connection.objects.filter(settings__organization=True, status__in=LIVE).order_by("id")
    return [_ref(entry) for entry in rows if entry.connector in _able(Capability.ORGANIZATION)]


def accounts(connection_id: str, *, state: str = "") -> QuerySet[OrganizationAccount]:
    """Accounts of a connection's organisation, of one state if given. Order by ``name, id``: two may have one name."""
    found = OrganizationAccount.objects.filter(connection=get(connection_id)).select_related("own")
    if state:
        found = found.filter(state=state)
    return found.order_by("name", "id")


def organization_reading(connection: Connection) -> OrganizationReading | None:
    """What is known of a connection's organisation; None when it leads to none."""
    if not is_organization(connection):
        return None
    counted = Counter(
        OrganizationAccount.objects.filter(connection=connection).values_list("state", flat=True)
    )
    row = Organization.objects.filter(connection=connection).first()
    if row is None:
        return OrganizationReading("never")
    state = "failed" if row.error else "read" if row.read_at else "never"
    return OrganizationReading(state, row.read_at, row.failed_at, row.error, dict(counted))


def runs(connection_id: str) -> QuerySet[SyncRun]:
    """Runs of a connection, newest first."""
    return SyncRun.objects.filter(connection=get(connection_id)).order_by("-id")


def changes(
    connection_id: str, *, object_ref: str = "", author: str = "", since: datetime | None = None
) -> QuerySet[Change]:
    """Changes at the vendor that fit every filter given. Order by ``-at, -id``: two may happen at once."""
    found = Change.objects.filter(connection=get(connection_id))
    if object_ref:
        found = found.filter(object_ref=object_ref)
    if author:
        found = found.filter(author=author)
    if since is not None:
        found = found.filter(at__gte=since)
    return found.order_by("-at", "-id")


def change_reading(connection: Connection) -> ChangeReading:
    """What is known of a connection's changes: whether its trail can be read, was, and why not."""
    manifest = registry.manifests().get(connection.connector)
    if manifest is None or Capability.CHANGES not in manifest.capabilities:
        return ChangeReading("unsupported")
    trail = ChangeTrail.objects.filter(connection=connection).first()
    if trail is None:
        return ChangeReading("never")
    state = "failed" if trail.error else "read" if trail.read_at else "never"
    return ChangeReading(state, trail.since, trail.read_at, trail.failed_at, trail.error)


def latest_snapshot(connection_id: str) -> ConfigSnapshot | None:
    """The newest configuration read; None while none was."""
    found = latest(connection_id)
    return found.snapshot if found else None


def latest(connection_id: str) -> StoredSnapshot | None:
    """The newest snapshot with the read it came from."""
    row = Snapshot.objects.filter(connection=connection_id).order_by("-id").first()
    return _stored(row) if row else None


def snapshot(snapshot_id: str) -> StoredSnapshot | None:
    """One snapshot by id; None when its connection was deleted."""
    row = Snapshot.objects.filter(pk=snapshot_id).first()
    return _stored(row) if row else None


def sections(connection_id: str) -> list[dict[str, str]]:
    """Completeness of the newest snapshot's sections, without reading its document."""
    found = (
        Snapshot.objects.filter(connection=connection_id).order_by("-id").values_list("sections", flat=True)
    )
    return list(found.first() or [])


def targets(connection_id: str) -> Sequence[Target]:
    """Places blocks can be pushed to, from the stored snapshot; empty when the connector cannot block."""
    stored = latest_snapshot(connection_id)
    found = ref(connection_id)
    if stored is None or found is None:
        return ()
    if Capability.ENFORCE not in registry.manifests()[found.connector].capabilities:
        return ()
    try:
        enforcer = open_connector(connection_id, Capability.ENFORCE)
        answer: Sequence[Target] = enforcer.targets(stored)
    except (ConnectorError, DomainError) as error:
        log.warning("targets unknown", connection=connection_id, reason=str(error))
        return ()
    return answer


def can_write(connection_id: str) -> tuple[bool, str]:
    """Whether blocks may be pushed, as last tested, and the sentence why not."""
    rows = list(PermissionResult.objects.filter(connection=connection_id, access="write"))
    denied = [row.action for row in rows if row.grant == Grant.DENIED.value]
    if denied:
        return False, f"Blocking is not possible yet: {', '.join(denied[:3])} denied."
    if not rows:
        return False, "Blocking was not set up for this connection."
    return True, ""


def _able(capability: Capability) -> list[str]:
    return [key for key, manifest in registry.manifests().items() if capability in manifest.capabilities]


def _ref(entry: Connection) -> ConnectionRef:
    manifest = registry.manifests().get(entry.connector)
    vendor = manifest.vendor if manifest else entry.connector
    return ConnectionRef(entry.id, entry.name, entry.connector, vendor, entry.status)


def _stored(row: Snapshot) -> StoredSnapshot:
    return StoredSnapshot(
        row.id,
        row.connection_id,
        row.read_at,
        documents.from_document(bytes(row.document)),
    )
