"""A key per tenant and day for raw records, itself sealed by the vault: who deletes the row has shredded the day."""

from __future__ import annotations

import base64
import secrets
from datetime import date

from controlplane.traffic.models import Push, RawFile, RawKey
from tenants.isolation.context import require_tenant
from tenants.vault.services import seal, unseal

_TABLE = "traffic_rawkey"


def bond(connection: str, frame: str, day: date) -> bytes:
    """What sealed records are bound to: tenant, connection, their own id and the day of their key."""
    parts = (require_tenant().schema_name, connection, frame, day.isoformat())
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


def key_of(day: date) -> bytes:
    """The day's key, made at first use; two who do so at once end with the same one."""
    name = day.isoformat()
    row = RawKey.objects.filter(pk=name).first()
    if row is None:
        made = base64.b64encode(secrets.token_bytes(32)).decode()
        sealed = seal(made, table=_TABLE, field="key", row=name)
        RawKey.objects.bulk_create([RawKey(day=name, key=sealed)], ignore_conflicts=True)
        row = RawKey.objects.get(pk=name)
    return base64.b64decode(unseal(row.key, table=_TABLE, field="key", row=name))


def shred(before: date) -> int:
    """Delete the keys of days before ``before`` under which nothing is kept any more; returns how many."""
    days = Push.objects.values_list("key_day").union(RawFile.objects.values_list("key_day"))
    used = [day.isoformat() for (day,) in days]
    return RawKey.objects.filter(day__lt=before.isoformat()).exclude(day__in=used).delete()[0]
