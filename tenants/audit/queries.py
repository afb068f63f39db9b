"""Reads of the audit trail, and its verification."""

from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from tenants.audit import chain
from tenants.audit.differences import changes
from tenants.audit.heads import RESTORED, Head, key_id, pem
from tenants.audit.models import Entry
from tenants.audit.reading import hash_of_row, rows
from tenants.audit.signing import public_key, read_heads
from tenants.audit.types import Filter
from tenants.errors import TooMany
from tenants.isolation.context import require_tenant

__all__ = ["changes", "entries", "head_lines", "verify", "verifying_key"]
ALONE: Final = "SELECT pg_try_advisory_xact_lock(hashtext('audit-verify'), hashtext(%s))"


@dataclass(frozen=True, slots=True)
class Verification:
    """How many entries hold; the first fault, if any, with the entries it can be about; how far the trail is signed."""

    checked: int
    sequence: int | None = None
    until: int | None = None
    fault: str = ""
    signed: Head | None = None
    restored: tuple[Head, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """The public key of signed heads."""

    id: str
    pem: str


def entries(chosen: Filter | None = None, **wanted: Any) -> "QuerySet[Entry]":
    """Return the entries a filter (or its fields) asks for; order them by `-sequence`."""
    given = chosen or Filter(**wanted)
    found = Entry.objects.all()
    for condition, value in (
        ("actor_id", given.actor),
        ("actor_kind", given.actor_kind),
        ("action__startswith", given.action),
        ("target", given.target),
        ("at__gte", given.since),
        ("at__lt", given.until),
    ):
        if value:
            found = found.filter(**{condition: value})
    if given.q:
        names = ("action", "target", "actor_name", "actor_id", "reason", "client_address", "before", "after")
        anywhere = Q()
        for name in names:
            anywhere |= Q(**{f"{name}__icontains": given.q})
        found = found.filter(anywhere)
    return found


def verify() -> Verification:
    """Recompute the whole chain of the entered tenant and compare it with what was signed.

    Raises TooMany while it is being verified already: it reads every entry.
    """
    heads = read_heads()
    counted = [head for head in heads.heads if head.sequence or head.kind == RESTORED]
    restored = tuple(head for head in counted if head.kind == RESTORED)
    last = counted[-1] if counted else None
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(ALONE, [require_tenant().schema_name])
            if cursor.fetchone() != (True,):
                raise TooMany("verification-running", "The trail is being verified already.", retry_after=10)
        with closing(rows()) as found:
            result = chain.check(found, heads.signed(), hash_of_row)
    if result.fault is not None:
        fault = result.fault
        return Verification(result.count, fault.sequence, fault.until, fault.sentence, last, restored)
    if heads.fault:
        first = last.sequence + 1 if last is not None else 1
        return Verification(result.count, first, None, heads.fault, last, restored)
    return Verification(result.count, signed=last, restored=restored)


def verifying_key() -> VerifyingKey:
    """Return the public key that signed heads are checked with."""
    key = public_key()
    return VerifyingKey(key_id(key), pem(key))


def head_lines() -> list[bytes]:
    """Return the entered tenant's signed heads as they are kept, oldest first."""
    return list(read_heads().lines)
