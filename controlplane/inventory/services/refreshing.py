"""Bring an endpoint's derived columns to its facts: state, declared authentication, exposure, verdicts, day counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from controlplane.inventory.judging import AuthFacts, auth_verdict, state_of, version_of
from controlplane.inventory.models import Endpoint, EndpointHistory, RouteFact, Service
from controlplane.inventory.parameters import parameters_of
from controlplane.inventory.services.locking import one_writer
from controlplane.inventory.services.reading import calls_by_endpoint
from controlplane.inventory.states import Facts
from controlplane.inventory.types import shape_of
from controlplane.traffic.types import Window
from tenants.jobs.events import emit

_DERIVED = [
    "state", "states_why", "fact_config", "fact_spec", "fact_traffic", "deprecated", "replaced_by", "auth_declared",
    "auth_required", "auth_known", "auth_verdict", "exposure", "data_classes", "parameters", "service", "connection",
]  # fmt: skip


def refresh_endpoints(ids: Iterable[str]) -> None:
    """Derive everything again for these endpoints; a changed state goes into the history."""
    rows = list(Endpoint.objects.filter(pk__in=list(ids)).prefetch_related("routes", "fields"))
    if not rows:
        return
    hosts = {row.host for row in rows}
    spec_hosts = set(RouteFact.objects.filter(source="spec", host__in=hosts).values_list("host", flat=True))
    config_hosts = set(
        RouteFact.objects.filter(source="config", host__in=hosts).values_list("host", flat=True)
    )
    traffic_hosts = set(
        Endpoint.objects.filter(host__in=hosts, calls__gt=0).values_list("host", flat=True).distinct()
    )
    newer = _newer_versions(hosts)
    prefixes = _prefixes(hosts)
    exposures = dict(Service.objects.values_list("pk", "exposure"))
    history = []
    for row in rows:
        before = row.state
        routes = list(row.routes.all()) or _covering(row, prefixes)
        _facts(row, routes, row.host in spec_hosts, row.host in config_hosts, row.host in traffic_hosts)
        row.replaced_by = newer.get(row.pk, "")
        _state(row)
        _auth(row, routes)
        row.exposure = exposures.get(row.service_id or "", "unknown")
        fields = [(fact.place, fact.entry, fact.seen) for fact in row.fields.all()]
        row.parameters = parameters_of(
            row.template, [p for route in routes for p in route.parameters], fields, row.calls
        )
        row.data_classes = sorted(
            {entry.rpartition(":")[2] for place, entry, _ in fields if place == "class"}
        )
        if row.state != before:
            history.append(EndpointHistory(endpoint=row, kind="state", detail=f"{before} → {row.state}"))
    Endpoint.objects.bulk_update(rows, _DERIVED, batch_size=500)
    EndpointHistory.objects.bulk_create(history)


def refresh_day(now: float) -> None:
    """Count the last 24 hours again for every endpoint, and notice endpoints that fell silent."""
    window = Window.last(86_400, now)
    counted = calls_by_endpoint(window)
    with transaction.atomic():
        one_writer()
        rows = list(Endpoint.objects.all())
        for row in rows:
            found = counted.get((row.host, row.method, row.shape))
            row.calls_24h, row.errors_24h = (found.calls, found.errors) if found else (0, 0)
        Endpoint.objects.bulk_update(rows, ["calls_24h", "errors_24h"], batch_size=1000)
        for connection_id in {row.connection for row in rows if row.connection}:
            emit("inventory.changed", connection_id=connection_id)


def _facts(
    row: Endpoint, routes: list[RouteFact], spec_known: bool, config_known: bool, traffic_known: bool
) -> None:
    row.fact_spec = any(route.source == "spec" for route in routes) if spec_known else None
    row.fact_config = any(route.source == "config" for route in routes) if config_known else None
    row.fact_traffic = row.calls > 0 if traffic_known else None
    row.deprecated = any(route.deprecated for route in routes)
    if routes and row.service_id is None:
        row.service = routes[0].service
    if routes and not row.connection:
        row.connection = routes[0].connection


def _prefixes(hosts: Iterable[str]) -> dict[str, list[RouteFact]]:
    """Routes that take everything below them, by host, longest first."""
    found: dict[str, list[RouteFact]] = defaultdict(list)
    for route in RouteFact.objects.filter(host__in=hosts, prefix=True).select_related("service"):
        found[route.host].append(route)
    for routes in found.values():
        routes.sort(key=lambda route: -route.shape.count("/"))
    return found


def _covering(row: Endpoint, prefixes: dict[str, list[RouteFact]]) -> list[RouteFact]:
    """The routes whose prefix an endpoint without a route of its own lies under: those of the longest one."""
    fitting = [
        route
        for route in prefixes.get(row.host, ())
        if route.method in ("ANY", row.method)
        and row.shape.startswith(f"{route.shape.rstrip('/')}/")
        and route.shape != "/"
    ]
    return [route for route in fitting if route.shape == fitting[0].shape]


def _state(row: Endpoint) -> None:
    verdict = state_of(
        Facts(
            config=row.fact_config,
            spec=row.fact_spec,
            traffic=row.fact_traffic,
            code=row.fact_code,
            deprecated=row.deprecated,
            superseded=bool(row.replaced_by),
        )
    )
    row.state, row.states_why = verdict.state.value, list(verdict.reasons)


def _auth(row: Endpoint, routes: list[RouteFact]) -> None:
    row.auth_known = bool(routes) and all(route.auth_known for route in routes)
    row.auth_required = bool(routes) and all(route.auth_required for route in routes)
    kinds = {
        f"{auth['kind']}{' (optional)' if auth['optional'] else ''}"
        for route in routes
        for auth in route.auth
    }
    row.auth_declared = sorted(kinds)
    row.auth_verdict = auth_verdict(
        AuthFacts(row.auth_required, row.auth_known, row.authenticated, row.anonymous_success)
    )


def _newer_versions(hosts: Iterable[str]) -> dict[str, str]:
    """For each endpoint with a version in its path, the id of the newest other version of the same operation."""
    families: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for pk, host, method, template in Endpoint.objects.filter(host__in=hosts).values_list(
        "pk", "host", "method", "template"
    ):
        version, rest = version_of(template)
        if version is not None:
            families[(host, method, shape_of(rest))].append((version, pk))
    found: dict[str, str] = {}
    for members in families.values():
        newest, newest_id = max(members)
        found |= {pk: newest_id for version, pk in members if version < newest}
    return found
