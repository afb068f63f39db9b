"""What people and other apps set on the inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from controlplane.inventory.models import Endpoint, Service
from tenants.audit.services import record
from tenants.errors import Invalid, NotFound


def rename_service(service_id: str, name: str) -> Service:
    """Give a service a name of one's own; later reads leave it."""
    if not name.strip():
        raise Invalid(
            "name-missing", "A service needs a name. Nothing was changed.", fields={"name": ["is empty"]}
        )
    with transaction.atomic():
        row = Service.objects.select_for_update().filter(pk=service_id).first()
        if row is None:
            raise NotFound("service-not-found", "There is no such service. Nothing was changed.")
        before, row.name, row.renamed = row.name, name.strip(), True
        row.save(update_fields=["name", "renamed"])
        record("service.rename", target=row.id, before={"name": before}, after={"name": row.name}, reason="")
    return row


def set_risk(scores: Mapping[str, tuple[int, Sequence[Mapping[str, Any]]]]) -> None:
    """Store each endpoint's risk (0–100) with the named parts it is the sum of."""
    rows = list(Endpoint.objects.filter(pk__in=list(scores)))
    for row in rows:
        row.risk, row.risk_parts = scores[row.pk][0], [dict(part) for part in scores[row.pk][1]]
    Endpoint.objects.bulk_update(rows, ["risk", "risk_parts"], batch_size=500)
