"""REST of the inventory: services and endpoints."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.parameters import whole_number
from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiView, ApiViewSet
from controlplane.connections import queries as connections
from controlplane.inventory import queries, services
from controlplane.inventory.models import Endpoint, Service
from controlplane.inventory.shapes import EndpointDetailDocument, EndpointDocument, ServiceDocument
from controlplane.traffic import engine
from controlplane.traffic.types import MICROSECONDS, Window

_FILTERS = ("q", "service", "method", "state", "auth", "data_class", "exposure", "connection")
_PARAMETERS = [OpenApiParameter(name, str, required=False) for name in _FILTERS]
_WEEK = 7 * 86_400


def _iso(ts: int | None) -> str | None:
    return None if ts is None else datetime.fromtimestamp(ts / MICROSECONDS, UTC).isoformat()


def _filters(request: Request) -> dict[str, str]:
    return {name: request.query_params[name] for name in _FILTERS if request.query_params.get(name)}


class EndpointSerializer(serializers.Serializer[Any]):
    """An endpoint as lists show it."""

    shape = EndpointDocument

    def to_representation(self, instance: Endpoint) -> dict[str, Any]:
        """The API document."""
        service = instance.service
        return {
            "id": instance.id,
            "method": instance.method,
            "host": instance.host,
            "template": instance.template,
            "service": {"id": service.id, "name": service.name} if service else None,
            "connection_id": instance.connection,
            "state": instance.state,
            "states_why": instance.states_why,
            "facts": {
                "config": instance.fact_config,
                "spec": instance.fact_spec,
                "traffic": instance.fact_traffic,
                "code": instance.fact_code,
            },
            "auth_declared": instance.auth_declared,
            "auth_observed": {
                "authenticated": instance.authenticated,
                "anonymous": instance.anonymous,
                "anonymous_success": instance.anonymous_success,
                "unknown": instance.auth_unknown,
            },
            "auth_verdict": instance.auth_verdict,
            "data_classes": instance.data_classes,
            "exposure": instance.exposure,
            "risk": instance.risk,
            "findings_open": instance.findings_open,
            "calls": instance.calls,
            "calls_24h": instance.calls_24h,
            "error_rate": instance.errors_24h / instance.calls_24h if instance.calls_24h else None,
            "first_seen": _iso(instance.first_ts),
            "last_seen": _iso(instance.last_ts),
        }


class EndpointDetailSerializer(serializers.Serializer[Any]):
    """One endpoint in full."""

    shape = EndpointDetailDocument


class ServiceSerializer(serializers.Serializer[Any]):
    """A service as lists show it."""

    shape = ServiceDocument

    def to_representation(self, instance: Service) -> dict[str, Any]:
        """The API document."""
        ref = connections.ref(instance.connection)
        return {
            "id": instance.id,
            "name": instance.name,
            "kind": instance.kind,
            "connection_id": instance.connection,
            "vendor": ref.vendor if ref else "",
            "exposure": instance.exposure,
            "hosts": instance.hosts,
            "tags": instance.tags,
            "findings_open": instance.findings_open,
            "endpoint_count": getattr(instance, "endpoint_count", 0),
            "calls_24h": sum(instance.endpoints.values_list("calls_24h", flat=True)),
            "why": instance.why,
        }


class RenameSerializer(serializers.Serializer[Any]):
    """A service's new name."""

    name = serializers.CharField(max_length=120)


def _detail(row: Endpoint) -> dict[str, Any]:
    routes = list(row.routes.all())
    history = sorted(row.history.all(), key=lambda entry: entry.id, reverse=True)
    window = Window.last(_WEEK, time.time())
    return EndpointSerializer(row).data | {
        "risk_parts": row.risk_parts,
        "replaced_by": row.replaced_by or None,
        "parameters": row.parameters,
        "routes": [
            {
                "connection_id": route.connection,
                "ref": route.ref,
                "stage": route.stage,
                "source": route.source,
                "upstream": route.upstream,
                "auth": route.auth,
                "evidence": route.evidence,
                "read_at": route.read_at.isoformat(),
            }
            for route in routes
        ],
        "rate_limits": [limit for route in routes for limit in route.rate_limits],
        "waf": routes[0].waf
        if routes
        else {"state": "unknown", "policy": "", "note": "No configuration declares it."},
        "callers": _callers(row, window, 10),
        "history": [{"at": h.at.isoformat(), "kind": h.kind, "detail": h.detail} for h in history[:100]],
    }


def _callers(row: Endpoint, window: Window, limit: int) -> list[dict[str, Any]]:
    found = engine.callers(window, queries.calls_of(row), limit).to_pylist()
    return [
        {**entry, "first_seen": _iso(entry.pop("first_ts")), "last_seen": _iso(entry.pop("last_ts"))}
        for entry in found
    ]


class EndpointViewSet(ApiViewSet):
    """Endpoints."""

    permission_classes = [HasPermission("inventory.read")]
    serializer_class = EndpointSerializer

    @extend_schema(parameters=[*_PARAMETERS, OpenApiParameter("sort", str, enum=list(queries.SORTS))])
    def list(self, request: Request) -> Response:
        """Endpoints; filters take several values separated by commas."""
        self.ordering = queries.ordering(request.query_params.get("sort", "risk"))
        return self.page(queries.endpoints(_filters(request)))

    @extend_schema(responses=EndpointDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One endpoint with everything known of it."""
        return Response(_detail(queries.endpoint(pk)))

    @action(detail=True, methods=["get"])
    def series(self, request: Request, pk: str) -> Response:
        """Calls, errors, refusals and latency over the last hours (``hours``, 1–168, default 24)."""
        row = queries.endpoint(pk)
        hours = whole_number(request, "hours", 24, 1, 168)
        rows = engine.series(
            Window.last(hours * 3600, time.time()), max(60, hours * 75), queries.calls_of(row)
        ).to_pylist()
        return Response(
            {"data": [{"at": _iso(entry.pop("bucket")), **entry} for entry in rows], "next": None}
        )

    @action(detail=True, methods=["get"])
    def callers(self, request: Request, pk: str) -> Response:
        """Who called it in the last seven days."""
        return Response(
            {"data": _callers(queries.endpoint(pk), Window.last(_WEEK, time.time()), 100), "next": None}
        )

    @action(detail=True, methods=["get"])
    def calls(self, request: Request, pk: str) -> Response:
        """The newest calls, as they are kept: identities hashed, sensitive values replaced."""
        limit = whole_number(request, "limit", 50, 1, 200)
        window = Window.last(_WEEK, time.time())
        rows = engine.sample(window, queries.calls_of(queries.endpoint(pk)), limit, _SHOWN).to_pylist()
        return Response({"data": [{**row, "ts": _iso(row["ts"])} for row in rows], "next": None})


_SHOWN = [
    "ts", "call_id", "method", "host", "path", "query", "status", "latency_ms", "client_ip", "principal", "consumer",
    "user_agent", "auth_present", "waf_action", "signatures", "data_classes", "response_bytes",
]  # fmt: skip


class EndpointFacetsView(ApiView):
    """Counts per filter value."""

    permission_classes = [HasPermission("inventory.read")]

    @extend_schema(operation_id="endpoints_facets", parameters=_PARAMETERS, responses={200: dict})
    def get(self, request: Request) -> Response:
        """How many endpoints each value has under the other filters."""
        return Response(queries.facets(_filters(request)))


class ServiceViewSet(ApiViewSet):
    """Services."""

    permission_classes = [HasPermission("inventory.read")]
    permission_by_action = {"partial_update": "connections.write"}
    serializer_class = ServiceSerializer

    def list(self, request: Request) -> Response:
        """All services that are there."""
        return self.page(queries.services())

    def retrieve(self, request: Request, pk: str) -> Response:
        """One service."""
        return Response(self.get_serializer(queries.service(pk)).data)

    @extend_schema(request=RenameSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename it; the name survives later reads."""
        given = RenameSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        services.rename_service(pk, given.validated_data["name"])
        return Response(self.get_serializer(queries.service(pk)).data)


_router = Router()
_router.register("endpoints", EndpointViewSet, basename="endpoint")
_router.register("services", ServiceViewSet, basename="service")
#: The fixed address stands before ``endpoints/{id}``.
urlpatterns = [path("endpoints/facets", EndpointFacetsView.as_view()), *_router.urls]
