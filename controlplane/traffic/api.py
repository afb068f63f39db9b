"""REST of traffic: where vendors push their logs, and how a connection's sources are doing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.parsers import AnyBody, body_of
from controlplane.api.permissions import HasPermission, Open
from controlplane.api.views import ApiView, ApiViewSet
from controlplane.connections import queries as connections
from controlplane.connections import services as connection_services
from controlplane.traffic import engine, queries
from controlplane.traffic.raw import window
from controlplane.traffic.receiving import receive
from controlplane.traffic.types import MICROSECONDS, CallFilter, Window

_SERIES_SECONDS = 6 * 3600
_BUCKET_SECONDS = 300


class IngestView(ApiView):
    """Calls pushed by a vendor, with the connection's own ingest token."""

    authentication_classes = []
    permission_classes = [Open("checks the connection's ingest token itself")]
    parser_classes = [AnyBody]

    @extend_schema(operation_id="ingest", request=bytes, responses={202: dict})
    def post(self, request: Request, connection_id: str) -> HttpResponse:
        """Answered once the records are stored durably; they are read into calls right after.

        The same push again changes nothing: its calls count as duplicates.
        """
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = receive(connection_id, body_of(request), headers, time.time())
        return HttpResponse(
            answer.body, status=answer.status, content_type=answer.content_type, headers=answer.headers
        )


#: A pause is shown as a gap from this many empty buckets on, when calls came before and after it.
_GAP_BUCKETS = 3
_GAP_REASON = "No call arrived: either nobody called, or the source sent nothing."


def gaps(filled: Sequence[int]) -> list[tuple[int, int]]:
    """Pauses between filled buckets, as (end of the one before, start of the next) in µs; ``filled`` are starts."""
    width = _BUCKET_SECONDS * MICROSECONDS
    ordered = sorted(filled)
    return [
        (before + width, after)
        for before, after in pairwise(ordered)
        if after - before > _GAP_BUCKETS * width
    ]


def _iso(ts: int | None) -> str | None:
    return None if ts is None else datetime.fromtimestamp(ts / MICROSECONDS, UTC).isoformat()


class ConnectionTrafficView(ApiView):
    """How a connection's sources are doing."""

    permission_classes = [HasPermission("connections.read")]

    @extend_schema(operation_id="connection_traffic", responses={200: dict})
    def get(self, request: Request, connection_id: str) -> Response:
        """Rate, lag, quarantined records per source, what each source can tell, and calls over the last hours."""
        connector = connections.connection(connection_id).connector
        matrix = {row.source: row for row in connection_services.manifest_of(connector).field_matrix}
        now = time.time()
        hours = Window.last(_SERIES_SECONDS, now)
        series = engine.series(hours, _BUCKET_SECONDS, CallFilter(connection=connection_id))
        sources = []
        for health in queries.source_health(connection_id, now):
            where = CallFilter(connection=connection_id, source=health.source)
            own = engine.series(hours, _BUCKET_SECONDS, where).to_pylist()
            known = matrix.get(health.source)
            sources.append(
                {
                    "source": health.source,
                    "calls": health.calls,
                    "duplicates": health.duplicates,
                    "calls_last_hour": health.calls_last_hour,
                    "rate_per_second": health.rate_per_second,
                    "lag_seconds": health.lag_seconds,
                    "last_call_at": _iso(health.last_call_ts),
                    "quarantined": health.quarantined,
                    "gaps": [
                        {"from": _iso(start), "to": _iso(end), "reason": _GAP_REASON}
                        for start, end in gaps([row["bucket"] for row in own if row["calls"]])
                    ],
                    "known": list(known.known) if known else [],
                    "unknown": list(known.unknown) if known else [],
                    "note": known.note if known else "",
                }
            )
        points = [{"at": _iso(row["bucket"]), "calls": row["calls"]} for row in series.to_pylist()]
        waiting = asdict(queries.backlog(connection_id, now))
        return Response({"sources": sources, "series": points, "waiting": waiting})


class QuarantinedSerializer(serializers.Serializer[Any]):
    """A record that could not be read."""

    id = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    reason = serializers.CharField()
    excerpt = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    received_at = serializers.SerializerMethodField()

    def get_received_at(self, row: Any) -> str | None:
        """When it arrived."""
        return _iso(row.received_at)


class QuarantineViewSet(ApiViewSet):
    """Records of a connection that could not be read."""

    permission_classes = [HasPermission("connections.read")]
    serializer_class = QuarantinedSerializer

    def list(self, request: Request, connection_id: str) -> Response:
        """Newest first."""
        connections.connection(connection_id)
        return self.page(queries.quarantined(connection_id))


class RawWindowSerializer(serializers.Serializer[Any]):
    """How long records are kept as they came, sealed, and what is kept now; only ``hours`` can be changed."""

    hours = serializers.IntegerField(min_value=0, max_value=window.MAX_HOURS)
    default_hours = serializers.IntegerField(read_only=True)
    max_hours = serializers.IntegerField(read_only=True)
    records = serializers.IntegerField(read_only=True)
    bytes = serializers.IntegerField(read_only=True)
    oldest_at = serializers.SerializerMethodField()

    def get_oldest_at(self, kept: window.Kept) -> str | None:
        """When the oldest of it arrived."""
        return _iso(kept.oldest)


class RawWindowView(ApiView):
    """The raw window of the workspace."""

    serializer_class = RawWindowSerializer

    def get_permissions(self) -> Any:
        """Who may see connections may see it; changing needs ``tenant.write``."""
        return [HasPermission("connections.read" if self.request.method == "GET" else "tenant.write")]

    @extend_schema(operation_id="raw_window_read", responses=RawWindowSerializer)
    def get(self, request: Request) -> Response:
        """Hours, and what is kept now."""
        return Response(RawWindowSerializer(window.kept()).data)

    @extend_schema(
        operation_id="raw_window_update", request=RawWindowSerializer, responses=RawWindowSerializer
    )
    def patch(self, request: Request) -> Response:
        """Keep raw records for so many hours, 0 for none; what is older is deleted within minutes."""
        body = RawWindowSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        window.set_hours(body.validated_data["hours"])
        return Response(RawWindowSerializer(window.kept()).data)


urlpatterns = [
    path("raw-window", RawWindowView.as_view()),
    path("ingest/<str:connection_id>", IngestView.as_view()),
    path("connections/<str:connection_id>/traffic", ConnectionTrafficView.as_view()),
    path("connections/<str:connection_id>/quarantine", QuarantineViewSet.as_view({"get": "list"})),
]
