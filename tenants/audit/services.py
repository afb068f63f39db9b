"""Write audit entries, in the transaction of the change they describe."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import structlog
from django.db import connection, transaction
from django.utils import timezone

from tenants.audit import chain
from tenants.audit.actors import current_actor, current_origin
from tenants.audit.exporting import as_csv, as_json_lines
from tenants.audit.models import Entry
from tenants.audit.signing import sign_head
from tenants.audit.types import Filter
from tenants.errors import DomainError
from tenants.isolation.context import require_tenant
from tenants.redaction import redacted

log = structlog.get_logger(__name__)
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('audit'), hashtext(%s))"
#: The newest entry, and the values as the database will give them back: that is what is hashed.
HEAD: Final = """
    SELECT coalesce(head.sequence, 0), coalesce(head.hash, %s), %s::jsonb::text, %s::jsonb::text
      FROM (SELECT 1) AS one LEFT JOIN LATERAL
           (SELECT sequence, hash FROM audit_entry ORDER BY sequence DESC LIMIT 1) AS head ON true
"""


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
    actor, origin = current_actor(), current_origin()
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [require_tenant().schema_name])
        cursor.execute(HEAD, [chain.GENESIS, _json(before), _json(after)])
        sequence, previous, kept_before, kept_after = cursor.fetchone()
    entry = Entry(
        sequence=sequence + 1,
        at=timezone.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        target=target,
        before=json.loads(kept_before) if kept_before is not None else None,
        after=json.loads(kept_after) if kept_after is not None else None,
        reason=redacted(reason),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        client_address=origin.address,
        user_agent=redacted(origin.user_agent)[:200],
        hash_version=chain.CURRENT,
        previous_hash=previous,
    )
    entry.hash = chain.entry_hash(vars(entry))
    entry.save(force_insert=True)
    return entry.sequence


def sign_now() -> None:
    """Sign the committed trail at once; inside a transaction, and when it fails, the job does it soon."""
    if connection.in_atomic_block:
        return
    try:
        sign_head(timezone.now())
    except DomainError:
        log.exception("the head of the audit trail could not be signed")


def export(chosen: Filter, form: str) -> tuple[str, Iterator[bytes]]:
    """Record that somebody takes entries along; return the content type and the file (`csv`, `jsonl`) in pieces."""
    kind, write = {
        "csv": ("text/csv; charset=utf-8", as_csv),
        "jsonl": ("application/x-ndjson", as_json_lines),
    }[form]
    with transaction.atomic():
        last = record("audit.export", "audit", after={"filter": chosen.given(), "as": form})
    return kind, write(chosen, last)


def _json(values: Mapping[str, Any] | None) -> str | None:
    """Write values down; what looks like a secret in spite of everything is blanked (the second lock)."""
    return None if values is None else json.dumps(redacted(dict(values)))
