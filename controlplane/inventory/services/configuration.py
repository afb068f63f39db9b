"""Facts from configuration: services, routes and endpoints of one connection's latest snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from connectors.base.manifest import ConnectorKind
from connectors.base.model import AuthKind, Completeness, ConfigSnapshot, Stage
from controlplane.connections import queries as connections
from controlplane.connections import services as connection_services
from controlplane.connections.types import StoredSnapshot
from controlplane.inventory.addresses import Declared, aliases, declared
from controlplane.inventory.models import Endpoint, EndpointHistory, HostAlias, RouteFact, Service
from controlplane.inventory.services.locking import one_writer
from controlplane.inventory.services.refreshing import refresh_endpoints
from controlplane.inventory.types import shape_of
from tenants.ids import new_id
from tenants.jobs.events import emit


def apply_snapshot(connection_id: str) -> int:
    """Bring services, routes and endpoints to the latest snapshot; returns how many operations are declared.

    A part that was not read completely adds and updates, but nothing is taken for gone. Running it again on
    the same snapshot changes nothing.
    """
    stored = connections.latest(connection_id)
    if stored is None:
        return 0
    with transaction.atomic():
        one_writer()
        services = _services(connection_id, stored)
        _aliases(connection_id, stored.snapshot)
        operations = declared(stored.snapshot)
        source = "spec" if _is_document(connection_id) else "config"
        touched = _routes(connection_id, stored, operations, services, source)
        refresh_endpoints(touched)
        _counts(connection_id)
        emit("inventory.changed", connection_id=connection_id)
    return len(operations)


def _is_document(connection_id: str) -> bool:
    ref = connections.ref(connection_id)
    return ref is not None and connection_services.manifest_of(ref.connector).kind is ConnectorKind.FILE


def _services(connection_id: str, stored: StoredSnapshot) -> dict[str, Service]:
    held = {row.ref: row for row in Service.objects.filter(connection=connection_id)}
    for service in stored.snapshot.services:
        row = held.get(service.ref) or Service(connection=connection_id, ref=service.ref)
        if not row.renamed:
            row.name = service.name
        row.kind, row.protocol, row.exposure = service.kind, service.protocol, service.exposure.value
        row.hosts, row.tags, row.gone_at = list(service.hosts), dict(service.tags), None
        row.why = [f"Declared as {service.kind.replace('_', ' ')} {service.name} ({service.ref})."]
        row.save()
        held[service.ref] = row
    if stored.snapshot.completeness("services") is Completeness.COMPLETE:
        present = {service.ref for service in stored.snapshot.services}
        absent = [row.pk for ref, row in held.items() if ref not in present and not ref.startswith("host:")]
        Service.objects.filter(pk__in=absent, gone_at=None).update(gone_at=stored.read_at)
    return held


def _aliases(connection_id: str, snapshot: ConfigSnapshot) -> None:
    wanted = {(a.host, a.base, a.to_host, a.to_base) for a in aliases(snapshot)}
    held = HostAlias.objects.filter(connection=connection_id)
    if {(row.host, row.base, row.to_host, row.to_base) for row in held} == wanted:
        return
    held.delete()
    HostAlias.objects.bulk_create(
        HostAlias(connection=connection_id, host=host, base=base, to_host=to_host, to_base=to_base)
        for host, base, to_host, to_base in sorted(wanted)
    )


def _routes(
    connection_id: str,
    stored: StoredSnapshot,
    operations: list[Declared],
    services: dict[str, Service],
    source: str,
) -> list[str]:
    """Replace the connection's route facts; returns the ids of endpoints that may have changed."""
    held = {
        _key(row.ref, row.stage, row.host, row.method, row.shape): row
        for row in RouteFact.objects.filter(connection=connection_id)
    }
    endpoints = _endpoints(connection_id, operations, services, source)
    kept = set()
    for operation in operations:
        stage = operation.stage.ref if operation.stage else ""
        key = _key(operation.route.ref, stage, operation.host, operation.method, shape_of(operation.template))
        if key in kept:
            continue
        kept.add(key)
        row = held.get(key) or RouteFact(connection=connection_id, ref=operation.route.ref, stage=stage)
        _fill(row, operation, stored, endpoints, services, source)
    touched = {row.pk for row in endpoints.values()}
    if stored.snapshot.completeness("routes") is Completeness.COMPLETE:
        absent = [row for key, row in held.items() if key not in kept]
        touched |= {row.endpoint_id for row in absent if row.endpoint_id}
        RouteFact.objects.filter(pk__in=[row.pk for row in absent]).delete()
    return sorted(touched)


def _key(ref: str, stage: str, host: str, method: str, shape: str) -> tuple[str, str, str, str, str]:
    return ref, stage, host, method, shape


def _endpoints(
    connection_id: str, operations: Iterable[Declared], services: dict[str, Service], source: str
) -> dict[tuple[str, str, str], Endpoint]:
    wanted: dict[tuple[str, str, str], Declared] = {}
    for operation in operations:
        wanted.setdefault((operation.host, operation.method, shape_of(operation.template)), operation)
    hosts = {host for host, _, _ in wanted}
    held = {(row.host, row.method, row.shape): row for row in Endpoint.objects.filter(host__in=hosts)}
    for key, operation in wanted.items():
        row = held.get(key) or _concrete(held, key)
        service = services.get(operation.service.ref) if operation.service else None
        if row is None:
            row = Endpoint(
                id=new_id("ep"), host=key[0], method=key[1], shape=key[2], connection=connection_id
            )
            row.template, row.service = operation.template, service
            row.save(force_insert=True)
            EndpointHistory.objects.create(
                endpoint=row, kind="declared", detail=f"Found in {_words(source)}."
            )
        elif row.service_id is None or row.template != operation.template:
            row.service, row.template = service or row.service, operation.template
            row.connection = row.connection or connection_id
            row.save(update_fields=["service", "template", "connection"])
        held[key] = row
    return {key: held[key] for key in wanted}


def _concrete(held: dict[tuple[str, str, str], Endpoint], key: tuple[str, str, str]) -> Endpoint | None:
    """For a route that takes every method: an endpoint of one method that traffic already showed."""
    if key[1] != "ANY":
        return None
    return next((row for (host, _, shape), row in held.items() if (host, shape) == (key[0], key[2])), None)


def _words(source: str) -> str:
    return "the gateway's configuration" if source == "config" else "a specification"


def _fill(
    row: RouteFact,
    operation: Declared,
    stored: StoredSnapshot,
    endpoints: dict[tuple[str, str, str], Endpoint],
    services: dict[str, Service],
    source: str,
) -> None:
    route = operation.route
    row.source, row.host, row.method = source, operation.host, operation.method
    row.template, row.shape = operation.template, shape_of(operation.template)
    row.endpoint = endpoints[(row.host, row.method, row.shape)]
    row.service = services.get(operation.service.ref) if operation.service else None
    row.auth = [
        {"kind": a.kind.value, "location": a.location, "optional": a.optional, "source": a.source}
        for a in route.auth
    ]
    row.auth_required = any(a.kind is not AuthKind.NONE and not a.optional for a in route.auth)
    row.auth_known = route.auth_known
    row.rate_limits = [asdict(limit) for limit in route.rate_limits]
    row.waf = _waf(operation.stage, stored.snapshot)
    row.upstream = next((u.url for u in stored.snapshot.upstreams if u.ref == route.upstream_ref), "")
    row.deprecated = bool(route.evidence.get("deprecated"))
    row.prefix = route.prefix
    row.parameters = [asdict(parameter) for parameter in route.parameters]
    row.evidence = dict(route.evidence)
    row.read_at = stored.read_at
    row.save()


def _waf(stage: Stage | None, snapshot: ConfigSnapshot) -> dict[str, Any]:
    """What stands before the stage: state is attached, none or unknown."""
    if stage is None or stage.waf_ref is None:
        return {"state": "unknown", "policy": "", "note": "This vendor does not tell."}
    if not stage.waf_ref:
        return {
            "state": "none",
            "policy": "",
            "note": "No web application firewall stands before this stage.",
        }
    policy = next((p for p in snapshot.waf_policies if p.ref == stage.waf_ref), None)
    return {"state": "attached", "policy": policy.name if policy else stage.waf_ref, "note": ""}


def _counts(connection_id: str) -> None:
    """An endpoint counts at every connection that declares it, whichever did so first."""
    declared = RouteFact.objects.filter(connection=connection_id).values("endpoint")
    connection_services.set_counts(
        connection_id,
        services=Service.objects.filter(connection=connection_id, gone_at=None).count(),
        endpoints=Endpoint.objects.filter(Q(connection=connection_id) | Q(pk__in=declared)).count(),
    )


def read_at(connection_id: str) -> datetime | None:
    """When the facts of a connection were last read."""
    row = RouteFact.objects.filter(connection=connection_id).order_by("-read_at").first()
    return row.read_at if row else None
