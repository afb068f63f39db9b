"""Facts from calls: learn templates from what was newly stored, then endpoints, credentials, fields and data classes."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F

from controlplane.inventory.models import (
    Endpoint,
    EndpointHistory,
    FieldFact,
    RouteFact,
    Service,
    TemplateState,
)
from controlplane.inventory.services.locking import one_writer
from controlplane.inventory.services.reading import (
    Counted,
    Key,
    address_book,
    calls_by_endpoint,
    canonical,
    template_model,
)
from controlplane.inventory.services.refreshing import refresh_endpoints
from controlplane.inventory.templates import KnownRoute, TemplateModel, learn
from controlplane.inventory.types import shape_of
from controlplane.traffic import engine
from controlplane.traffic import queries as traffic
from controlplane.traffic import services as traffic_services
from controlplane.traffic.types import CallFilter, Window
from tenants.ids import new_id
from tenants.jobs.events import emit

_COLUMNS = ["method", "host", "path", "status", "response_bytes"]
_MOST_FIELDS = 400


def learn_news(now: float) -> int:
    """Learn from calls that were stored since the last time; returns how many endpoints they touched."""
    with transaction.atomic():
        one_writer()
        news = traffic.news_for("inventory")
        if news is None:
            return 0
        window = Window(news.min_ts, news.max_ts + 1)
        where = CallFilter(segments=news.segments)
        model = _learn(window, where, now)
        counted = calls_by_endpoint(window, where, model)
        hosts = {host for host, _, _ in counted}
        silent = hosts - set(
            Endpoint.objects.filter(host__in=hosts, calls__gt=0).values_list("host", flat=True)
        )
        rows = _endpoints(counted, model)
        _fields(window, where, model, rows)
        neighbours = Endpoint.objects.filter(host__in=silent).values_list("pk", flat=True)
        refresh_endpoints({*(row.pk for row in rows.values()), *neighbours})
        traffic_services.settle(news.marks)
        for connection_id in {row.connection for row in rows.values() if row.connection}:
            emit("inventory.changed", connection_id=connection_id)
    return len(rows)


def _learn(window: Window, where: CallFilter, now: float) -> TemplateModel:
    calls = canonical(engine.calls(window, where, _COLUMNS), address_book())
    routes = RouteFact.objects.values_list("host", "method", "template").distinct()
    model = learn(calls, [KnownRoute(*route) for route in routes], template_model())
    TemplateState.objects.update_or_create(
        pk=1, defaults={"model": model.to_json(), "learned_at": datetime.fromtimestamp(now, UTC)}
    )
    return model


def _endpoints(counted: dict[Key, Counted], model: TemplateModel) -> dict[Key, Endpoint]:
    hosts = {host for host, _, _ in counted}
    held = {(row.host, row.method, row.shape): row for row in Endpoint.objects.filter(host__in=hosts)}
    _merge(held, model)
    services = _host_services(counted)
    for key, entry in counted.items():
        row = held.get(key) or _from_any(held, key)
        if row is None:
            row = Endpoint(id=new_id("ep"), host=key[0], method=key[1], shape=key[2], template=entry.template)
            row.connection, row.service = entry.connection, services[key[0]]
            row.save(force_insert=True)
            EndpointHistory.objects.create(endpoint=row, kind="seen", detail="Found in traffic.")
        row.calls += entry.calls
        row.authenticated += entry.authenticated
        row.anonymous += entry.anonymous
        row.anonymous_success += entry.anonymous_success
        row.auth_unknown += entry.calls - entry.authenticated - entry.anonymous
        row.first_ts = min(row.first_ts or entry.first_ts, entry.first_ts)
        row.last_ts = max(row.last_ts or 0, entry.last_ts)
        row.save()
        held[key] = row
    return {key: held[key] for key in counted}


def _from_any(held: dict[Key, Endpoint], key: Key) -> Endpoint | None:
    """The endpoint of a route that takes every method becomes that of the first method seen."""
    row = held.pop((key[0], "ANY", key[2]), None)
    if row is not None:
        row.method = key[1]
        EndpointHistory.objects.create(endpoint=row, kind="seen", detail=f"First called with {key[1]}.")
    return row


def _merge(held: dict[Key, Endpoint], model: TemplateModel) -> None:
    """Endpoints learnt earlier whose template is now part of a wider one go into that one."""
    declared = set(
        RouteFact.objects.filter(endpoint__in=list(held.values())).values_list("endpoint_id", flat=True)
    )
    for key, row in list(held.items()):
        if row.pk in declared or row.method == "ANY":
            continue
        template = model.assign_one(row.method, row.host, row.template)
        if template is None or shape_of(template) == row.shape:
            continue
        target_key = (row.host, row.method, shape_of(template))
        target = held.get(target_key)
        del held[key]
        if target is None:
            row.template, row.shape = template, target_key[2]
            row.save(update_fields=["template", "shape"])
            EndpointHistory.objects.create(endpoint=row, kind="template", detail=f"{key[2]} → {template}")
            held[target_key] = row
            continue
        for name in ("calls", "authenticated", "anonymous", "anonymous_success", "auth_unknown"):
            setattr(target, name, getattr(target, name) + getattr(row, name))
        target.first_ts = min(filter(None, (target.first_ts, row.first_ts)), default=None)
        target.save()
        EndpointHistory.objects.create(
            endpoint=target, kind="template", detail=f"{row.template} belongs to it"
        )
        row.delete()


def _host_services(counted: dict[Key, Counted]) -> dict[str, Service]:
    """The service an endpoint found in traffic belongs to: the declared one of its host, else one named by the host."""
    found: dict[str, Service] = {}
    for (host, _, _), entry in counted.items():
        if host in found:
            continue
        route = RouteFact.objects.filter(host=host, service__isnull=False).select_related("service").first()
        if route is not None and route.service is not None:
            found[host] = route.service
            continue
        found[host], _ = Service.objects.get_or_create(
            connection=entry.connection,
            ref=f"host:{host}",
            defaults={
                "name": host or "no host name",
                "kind": "host",
                "hosts": [host],
                "why": ["Called under this host name; no configuration declares it."],
            },
        )
    return found


def _fields(window: Window, where: CallFilter, model: TemplateModel, rows: dict[Key, Endpoint]) -> None:
    table = canonical(engine.field_counts(window, where), address_book())
    templates = model.assign(table.column("method"), table.column("host"), table.column("path"))
    seen: dict[tuple[str, str, str], int] = defaultdict(int)
    for row, template in zip(table.to_pylist(), templates.to_pylist(), strict=True):
        endpoint = rows.get((row["host"], row["method"], shape_of(template))) if template else None
        if endpoint is not None:
            seen[(endpoint.pk, row["place"], row["entry"])] += row["calls"]
    known = defaultdict(set)
    for endpoint_id, place, entry in FieldFact.objects.filter(endpoint__in=list(rows.values())).values_list(
        "endpoint_id", "place", "entry"
    ):
        known[endpoint_id].add((place, entry))
    fresh = []
    for (endpoint_id, place, entry), count in seen.items():
        if (place, entry) in known[endpoint_id]:
            FieldFact.objects.filter(endpoint_id=endpoint_id, place=place, entry=entry).update(
                seen=F("seen") + count
            )
        elif len(known[endpoint_id]) < _MOST_FIELDS:
            known[endpoint_id].add((place, entry))
            fresh.append(FieldFact(endpoint_id=endpoint_id, place=place, entry=entry, seen=count))
    FieldFact.objects.bulk_create(fresh)
