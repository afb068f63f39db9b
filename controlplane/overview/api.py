"""REST: the first page."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.views import ApiView
from controlplane.overview import queries

#: The page shows something of each; whoever lacks one sees the pages of the others instead.
_NEEDED = ("inventory.read", "findings.read", "threats.read", "blocks.read")


class OverviewView(ApiView):
    """What the APIs expose, what is weak and who is trying it."""

    permission_classes = [HasPermission(name) for name in _NEEDED]

    @extend_schema(operation_id="overview", responses={200: dict})
    def get(self, request: Request) -> Response:
        """Counts, series, lists and the steps of setting up, as of now."""
        return Response(asdict(queries.overview(datetime.now(UTC))))


urlpatterns = [path("overview", OverviewView.as_view(), name="overview")]
