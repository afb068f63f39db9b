"""Write audit entries, in the transaction of the change they describe."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone

from tenants.audit.actors import current_actor
from tenants.audit.models import Entry
from tenants.isolation.context import require_tenant

GENESIS = "0" * 64
LOCK = "SELECT pg_advisory_xact_lock(hashtext('audit'), hashtext(%s))"


def record(
    action: str,
    target: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> int:
    """Append one entry and return its sequence number. JSON values only, never secrets.

    Must run inside `transaction.atomic()`. Writers of one tenant queue up from here to their commit, so
    call it last in a long transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "audit.record must be called inside transaction.atomic()."
        )
    actor = current_actor()
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [require_tenant().schema_name])
    head = Entry.objects.order_by("-sequence").values_list("sequence", "hash").first() or (0, GENESIS)
    entry = Entry(
        sequence=head[0] + 1,
        at=timezone.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        target=target,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        reason=reason,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        previous_hash=head[1],
    )
    entry.hash = entry_hash(entry)
    entry.save(force_insert=True)
    return entry.sequence


def entry_hash(entry: Entry) -> str:
    """Return SHA-256 (hex) over the canonical JSON of every field but the hash itself."""
    fields = {
        field.attname: _plain(getattr(entry, field.attname))
        for field in Entry._meta.concrete_fields
        if field.attname != "hash"
    }
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value
