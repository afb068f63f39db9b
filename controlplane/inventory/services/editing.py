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


def set_service_findings(counts: Mapping[str, int]) -> None:
    """Store how many findings are open for each service; services not named have none."""
    Service.objects.exclude(pk__in=list(counts)).exclude(findings_open=0).update(findings_open=0)
    for service_id, count in counts.items():
        Service.objects.filter(pk=service_id).update(findings_open=count)


def set_risk(scores: Mapping[str, tuple[int, Sequence[Mapping[str, Any]], int]]) -> None:
    """Store each endpoint's risk (0–100), the named parts it is the sum of, and how many findings are open."""
    rows = list(Endpoint.objects.filter(pk__in=list(scores)))
    for row in rows:
        risk, parts, findings_open = scores[row.pk]
        row.risk, row.risk_parts, row.findings_open = risk, [dict(part) for part in parts], findings_open
    Endpoint.objects.bulk_update(rows, ["risk", "risk_parts", "findings_open"], batch_size=500)
