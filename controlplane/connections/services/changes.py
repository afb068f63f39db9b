"""Read a vendor's audit trail; the cursor commits with the changes it accounts for.

What became of reading stands in the connection's ``ChangeTrail`` and never touches the connection's health: an
audit trail we may not read makes changes unknown, and nothing else.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from connectors.base.capabilities import Capability, ChangeReader, Cursor
from connectors.base.changes import ConfigChange
from connectors.base.errors import ConnectorError
from controlplane.connections.models import Change, ChangeTrail
from controlplane.connections.services.access import problem
from controlplane.connections.services.opening import get, open_connector

#: How long changes are kept: a year and a month, so that a year's audit can be answered.
KEPT: Final = timedelta(days=400)
_LONGEST_REF: Final = 200
_LONGEST_TEXT: Final = 2000


def pull_changes(connection_id: str, seconds: float = 60.0) -> int | None:
    """Read on from the stored cursor until the trail ends or ``seconds`` are over; how many changes were new.

    None when reading failed: the trail says why, and what was stored before stays. Two workers may read one
    connection: who finds the cursor moved by the other stops.
    """
    connection = get(connection_id)
    deadline, started = time.monotonic() + seconds, timezone.now()
    new = 0
    try:
        reader: ChangeReader = open_connector(connection.id, Capability.CHANGES)
        position = _position(connection.id)
        for changes, cursor in reader.read_changes(position):
            stored = store(connection.id, changes, position, cursor)
            if stored is None:
                return new
            new, position = new + stored, dict(cursor)
            if time.monotonic() > deadline:
                return new
    except ConnectorError as error:
        _note(connection.id, error=problem(error), failed_at=timezone.now())
        return None
    _note(connection.id, error=None, read_at=started, since=Coalesce("since", started))
    return new


def forget_changes(now: datetime) -> int:
    """Delete changes beyond retention; how many there were."""
    return Change.objects.filter(at__lt=now - KEPT).delete()[0]


def _position(connection_id: str) -> dict[str, Any]:
    held = ChangeTrail.objects.filter(pk=connection_id).values_list("position", flat=True).first()
    return dict(held or {})


def store(
    connection_id: str, changes: Sequence[ConfigChange], position: Mapping[str, Any], cursor: Cursor
) -> int | None:
    """Store a page and move the cursor in one transaction; how many were new, None when another was faster."""
    now = timezone.now()
    with transaction.atomic():
        ChangeTrail.objects.get_or_create(connection_id=connection_id)
        trail = ChangeTrail.objects.select_for_update().get(pk=connection_id)
        if trail.position != dict(position):
            return None
        rows = {row.ref: row for row in (_row(connection_id, change) for change in changes)}
        held = Change.objects.filter(connection=connection_id, ref__in=rows)
        known = set(held.values_list("ref", flat=True))
        new = [row for ref, row in rows.items() if ref not in known and row.at >= now - KEPT]
        Change.objects.bulk_create(new)
        trail.position, trail.moved_at = dict(cursor), now
        trail.save()
    return len(new)


def _note(connection_id: str, **outcome: Any) -> None:
    """Say how reading ended. ``update`` does not make the row, so it is made first."""
    with transaction.atomic():
        ChangeTrail.objects.get_or_create(connection_id=connection_id)
        ChangeTrail.objects.filter(pk=connection_id).update(**outcome)


def _row(connection_id: str, change: ConfigChange) -> Change:
    return Change(
        connection_id=connection_id,
        ref=change.ref
        if len(change.ref) <= _LONGEST_REF
        else hashlib.sha256(change.ref.encode()).hexdigest(),
        at=change.at,
        action=_storable(change.action),
        object_kind=_storable(change.object_kind),
        object_ref=_storable(change.object_ref),
        object_name=_storable(change.object_name),
        author=_storable(change.author),
        author_kind=change.author_kind.value,
        channel=change.channel.value,
        source_address=_storable(change.source_address),
        succeeded=change.succeeded,
        evidence=_storable(dict(change.evidence)),
    )


def _storable(value: Any) -> Any:
    """The value as PostgreSQL takes it: a vendor's text may hold NUL, and may be of any length."""
    if isinstance(value, str):
        return value.replace("\x00", "")[:_LONGEST_TEXT]
    if isinstance(value, Mapping):
        return {_storable(key): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value
