"""Readers of the inventory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
from django.db.models import Count, Q, QuerySet

from controlplane.inventory.models import Endpoint, Service
from controlplane.inventory.services.reading import address_book, canonical, template_model
from controlplane.inventory.templates import TemplateModel
from controlplane.inventory.types import EndpointRef, EndpointView, shape_of
from controlplane.traffic.types import CallFilter
from tenants.errors import Invalid, NotFound

#: What ``sort`` may be, and the columns it stands for.
SORTS: Final = {
    "risk": ("-risk", "-id"),
    "calls": ("-calls_24h", "-id"),
    "new": ("-id",),
    "path": ("host", "template", "method", "id"),
}
_FACETS: Final = ("state", "method", "auth_verdict", "exposure")


def endpoints(filters: Mapping[str, str]) -> QuerySet[Endpoint]:
    """Endpoints by q, service, method, state, auth, data_class, exposure, connection; unset ones do not restrict."""
    found = Endpoint.objects.select_related("service")
    columns = {"service": "service_id", "method": "method", "state": "state", "auth": "auth_verdict"}
    columns |= {"exposure": "exposure", "connection": "connection"}
    for name, column in columns.items():
        values = [value for value in filters.get(name, "").split(",") if value]
        if values:
            found = found.filter(**{f"{column}__in": values})
    if filters.get("data_class"):
        found = found.filter(data_classes__contains=[filters["data_class"]])
    text = filters.get("q", "").strip()
    if text:
        method, _, rest = text.partition(" ")
        if rest and method.isalpha() and method.isupper():
            found, text = found.filter(method=method), rest
        found = found.filter(Q(template__icontains=text) | Q(host__icontains=text))
    return found


def ordering(sort: str) -> tuple[str, ...]:
    """Columns of a sort's name; ``Invalid`` for an unknown one."""
    if sort not in SORTS:
        raise Invalid("invalid-sort", f"sort is one of {', '.join(SORTS)}.")
    return SORTS[sort]


def facets(filters: Mapping[str, str]) -> dict[str, Any]:
    """How many endpoints each value of each facet has under the other filters."""
    found: dict[str, Any] = {}
    for column in _FACETS:
        name = "auth" if column == "auth_verdict" else column
        others = {key: value for key, value in filters.items() if key != name}
        counts = endpoints(others).values(column).annotate(n=Count("pk")).order_by()
        found[name] = {row[column]: row["n"] for row in counts}
    classes: Counter[str] = Counter()
    for held in (
        endpoints({k: v for k, v in filters.items() if k != "data_class"})
        .exclude(data_classes=[])
        .values_list("data_classes", flat=True)
    ):
        classes.update(held)
    found["data_class"] = dict(classes)
    services = endpoints({k: v for k, v in filters.items() if k != "service"}).values(
        "service_id", "service__name"
    )
    found["service"] = [
        {"id": row["service_id"], "name": row["service__name"], "count": row["n"]}
        for row in services.annotate(n=Count("pk")).order_by("-n")[:100]
        if row["service_id"]
    ]
    return found


def endpoint(endpoint_id: str) -> Endpoint:
    """One endpoint with its routes and history."""
    found = (
        Endpoint.objects.select_related("service")
        .prefetch_related("routes", "history")
        .filter(pk=endpoint_id)
        .first()
    )
    if found is None:
        raise NotFound("endpoint-not-found", "There is no such endpoint.")
    return found


def services() -> QuerySet[Service]:
    """Services that are there, with their endpoint counts."""
    return Service.objects.filter(gone_at=None).annotate(endpoint_count=Count("endpoints"))


def service(service_id: str) -> Service:
    """One service."""
    found = Service.objects.annotate(endpoint_count=Count("endpoints")).filter(pk=service_id).first()
    if found is None:
        raise NotFound("service-not-found", "There is no such service.")
    return found


def refs(ids: list[str]) -> dict[str, EndpointRef]:
    """Endpoints by id."""
    return {row.pk: _ref(row) for row in Endpoint.objects.filter(pk__in=ids)}


def endpoint_for(host: str, method: str, path: str) -> EndpointRef | None:
    """The endpoint a call belongs to; None when it belongs to none."""
    model = template_model()
    if model is None:
        return None
    moved_host, moved_path = address_book().canonical(host, path)
    template = model.assign_one(method, moved_host, moved_path)
    if template is None:
        return None
    row = Endpoint.objects.filter(
        host=moved_host, method__in=[method, "ANY"], shape=shape_of(template)
    ).first()
    return _ref(row) if row else None


def templates_of(method: pa.ChunkedArray, host: pa.ChunkedArray, path: pa.ChunkedArray) -> pa.Array:
    """The learnt template of each call; null for calls of no endpoint, and for all while nothing was learnt."""
    model: TemplateModel | None = template_model()
    if model is None:
        return pa.nulls(len(method), pa.string())
    moved = canonical(pa.table({"method": method, "host": host, "path": path}), address_book())
    return model.assign(moved.column("method"), moved.column("host"), moved.column("path"))


def endpoints_of_shapes(shapes: pa.Table) -> pa.Table:
    """The endpoint of each shape that ``engine.shapes`` found, for the engine's questions about endpoints.

    Columns: host, method, shape as the calls have them, endpoint (``METHOD host/template`` at the canonical address; null
    for calls of no endpoint). All paths of a shape have one template, so an example of each is enough; an alias whose
    base path is a value by its form is the exception.
    """
    examples = pa.table({name: shapes.column(of) for name, of in (("host", "host"), ("path", "example"))})
    moved = canonical(examples, address_book())
    names = templates_of(shapes.column("method"), shapes.column("host"), shapes.column("example"))
    methods, hosts = shapes.column("method").to_pylist(), moved.column("host").to_pylist()
    endpoints = [
        None if template is None else f"{method} {host}{template}"
        for method, host, template in zip(methods, hosts, names.to_pylist(), strict=True)
    ]
    table = shapes.select(["host", "method", "shape"])
    return table.append_column("endpoint", pa.array(endpoints, pa.string()))


def calls_of(row: Endpoint) -> CallFilter:
    """What to ask the engine for the calls of an endpoint, by whichever address they came."""
    siblings = Endpoint.objects.filter(host=row.host, method=row.method).exclude(pk=row.pk)
    narrower = [t for t in siblings.values_list("template", flat=True) if _inside(t, row.template)]
    methods = () if row.method == "ANY" else (row.method,)
    book = address_book()
    found = []
    for host, template in book.addresses_of(row.host, row.template):
        excluded = tuple(other for t in narrower for h, other in book.addresses_of(row.host, t) if h == host)
        found.append(
            CallFilter(host=host or None, methods=methods, template=template, except_templates=excluded)
        )
    return CallFilter(either=tuple(found))


def endpoint_count(connection_id: str) -> int:
    """How many endpoints a connection declared or showed first."""
    return (
        Endpoint.objects.filter(Q(connection=connection_id) | Q(routes__connection=connection_id))
        .distinct()
        .count()
    )


def views(connection_id: str) -> list[EndpointView]:
    """What is known of every endpoint of a connection."""
    rows = Endpoint.objects.filter(
        Q(connection=connection_id) | Q(routes__connection=connection_id)
    ).distinct()
    return [_view(row) for row in rows.prefetch_related("routes")]


def counts() -> dict[str, int]:
    """Services, endpoints and endpoints by state."""
    states = dict(Endpoint.objects.values_list("state").annotate(n=Count("pk")).order_by())
    return {
        "services": Service.objects.filter(gone_at=None).count(),
        "endpoints": sum(states.values()),
        **{
            state: states.get(state, 0)
            for state in ("active", "shadow", "zombie", "orphan", "idle", "unknown")
        },
    }


def top(limit: int) -> list[Endpoint]:
    """The endpoints with the highest risk."""
    return list(Endpoint.objects.select_related("service").order_by("-risk", "-calls_24h", "-id")[:limit])


def _inside(template: str, other: str) -> bool:
    """Whether every call of ``template`` also matches ``other``: same length, literal where the other has a parameter."""
    ours, theirs = template.split("/"), other.split("/")
    if len(ours) != len(theirs) or template == other:
        return False
    pairs = list(zip(ours, theirs, strict=True))
    return all(b.startswith("{") or a == b for a, b in pairs) and any(
        b.startswith("{") and not a.startswith("{") for a, b in pairs
    )


def _ref(row: Endpoint) -> EndpointRef:
    return EndpointRef(row.pk, row.host, row.method, row.template, row.service_id or "")


def _view(row: Endpoint) -> EndpointView:
    return EndpointView(
        id=row.pk,
        host=row.host,
        method=row.method,
        template=row.template,
        state=row.state,
        states_why=tuple(row.states_why),
        auth_declared=tuple(row.auth_declared),
        auth_known=row.auth_known,
        authenticated=row.authenticated,
        anonymous=row.anonymous,
        anonymous_success=row.anonymous_success,
        auth_unknown=row.auth_unknown,
        data_classes=tuple(row.data_classes),
        calls=row.calls,
        exposure=row.exposure,
        route_refs=tuple(sorted({route.ref for route in row.routes.all()})),
        replaced_by=row.replaced_by,
        service_id=row.service_id or "",
    )
