"""Readers of findings for the API and for other apps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, F, Q, QuerySet
from django.db.models.functions import Cast, Concat

from controlplane.findings.models import Finding, FindingHistory
from controlplane.findings.types import ACTIVE, Severity
from controlplane.inventory import queries as inventory
from tenants.errors import NotFound


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings a list is about; an empty field does not restrict. Several values mean any of them.

    ``status`` may hold ``active``: every status in which a finding asks for work.
    """

    status: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    endpoint: tuple[str, ...] = ()
    connection: tuple[str, ...] = ()
    text: str = ""


def findings(wanted: FindingFilter | None = None) -> QuerySet[Finding]:
    """Findings, worst first and oldest first among equals; ``position`` is the sort key of pages."""
    position = Concat(Cast("severity_rank", CharField()), F("id"), output_field=CharField())
    return _filtered(wanted or FindingFilter()).annotate(position=position).order_by("position")


def finding(finding_id: str) -> Finding:
    """One finding with its history."""
    found = Finding.objects.prefetch_related("history").filter(pk=finding_id).first()
    if found is None:
        raise NotFound("finding-not-found", "There is no such finding.")
    return found


def facets(wanted: FindingFilter) -> dict[str, Any]:
    """How many findings each value of each filter would give, the other filters applied."""

    def counted(column: str, others: FindingFilter) -> dict[str, int]:
        rows = _filtered(others).order_by()
        pairs = rows.values_list(column).annotate(n=Count("pk")).order_by("-n", column)
        return {value: count for value, count in pairs if value}

    services = counted("service_id", replace(wanted, service=()))
    names = dict(inventory.services().filter(pk__in=services).values_list("pk", "name"))
    return {
        "severity": counted("severity", replace(wanted, severity=())),
        "status": counted("status", replace(wanted, status=())),
        "check": counted("check_id", replace(wanted, check=())),
        "service": [
            {"id": key, "name": names.get(key, key), "count": count} for key, count in services.items()
        ],
    }


def open_count(connection_id: str) -> int:
    """Findings of a connection that ask for work."""
    return _active().filter(connection_id=connection_id).count()


def counts() -> dict[str, int]:
    """Findings that ask for work, by severity, worst first."""
    found = Counter(_active().values_list("severity", flat=True))
    return {severity.value: found[severity.value] for severity in Severity}


def open_for_endpoint(endpoint_id: str) -> list[Finding]:
    """Findings that ask for work and concern an endpoint, worst first."""
    return list(_active().filter(endpoint_ids__contains=[endpoint_id]).order_by("severity_rank", "id"))


def open_for_service(service_id: str) -> list[Finding]:
    """Findings that ask for work and concern a service, worst first."""
    return list(_active().filter(service_id=service_id).order_by("severity_rank", "id"))


def open_by_endpoint(endpoint_ids: Iterable[str]) -> Mapping[str, tuple[Severity, ...]]:
    """Severities of the findings of every connection that ask for work, by the endpoint they concern."""
    wanted = set(endpoint_ids)
    found: dict[str, list[Severity]] = {}
    for severity, ids in _active().exclude(endpoint_ids=[]).values_list("severity", "endpoint_ids"):
        for endpoint_id in wanted.intersection(ids):
            found.setdefault(endpoint_id, []).append(Severity(severity))
    return {endpoint_id: tuple(severities) for endpoint_id, severities in found.items()}


def open_by_service() -> dict[str, int]:
    """How many findings ask for work, by the service they concern."""
    rows = _active().exclude(service_id="").values_list("service_id").annotate(n=Count("pk")).order_by()
    return {service_id: count for service_id, count in rows if service_id}


def counts_at(moment: datetime) -> dict[str, int] | None:
    """Findings by severity that asked for work at a past time; None when nothing had been reported by then."""
    last = FindingHistory.objects.filter(at__lte=moment).order_by("finding", "-at", "-id").distinct("finding")
    rows = list(last.values_list("status", "finding__severity"))
    if not rows:
        return None
    found = Counter(severity for status, severity in rows if status in ACTIVE)
    return {severity.value: found[severity.value] for severity in Severity}


def recent(limit: int) -> list[FindingHistory]:
    """The newest changes of findings, newest first; the worst first among those of one read."""
    return list(
        FindingHistory.objects.select_related("finding").order_by("-at", "finding__severity_rank", "-id")[
            :limit
        ]
    )


def triaged() -> bool:
    """Whether a person has ever set the status of a finding."""
    return FindingHistory.objects.exclude(actor="").exists()


def _active() -> QuerySet[Finding]:
    return Finding.objects.filter(status__in=[status.value for status in ACTIVE])


def _filtered(wanted: FindingFilter) -> QuerySet[Finding]:
    found = Finding.objects.all()
    for column, values in (
        ("status", _statuses(wanted.status)),
        ("severity", wanted.severity),
        ("check_id", wanted.check),
        ("service_id", wanted.service),
        ("connection_id", wanted.connection),
    ):
        if values:
            found = found.filter(**{f"{column}__in": list(values)})
    if wanted.endpoint:
        concerned = Q()
        for endpoint_id in wanted.endpoint:
            concerned |= Q(endpoint_ids__contains=[endpoint_id])
        found = found.filter(concerned)
    if wanted.text:
        columns = ("title", "sentence", "subject_label", "check_id")
        wording = Q()
        for column in columns:
            wording |= Q(**{f"{column}__icontains": wanted.text})
        found = found.filter(wording)
    return found


def _statuses(values: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for value in values:
        found.update(dict.fromkeys(sorted(ACTIVE) if value == "active" else [value]))
    return list(found)
