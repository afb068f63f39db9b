"""REST of imports."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from controlplane.findings import queries as findings
from controlplane.imports import queries, services
from controlplane.imports.models import Import
from controlplane.imports.shapes import ImportDocument
from controlplane.inventory import queries as inventory


class UploadSerializer(serializers.Serializer[Any]):
    """A file; ``host`` stands in where the file names none."""

    file = serializers.FileField()
    host = serializers.RegexField(
        r"^[A-Za-z0-9.-]*$", required=False, allow_blank=True, default="", max_length=253
    )


class ImportSerializer(serializers.Serializer[Any]):
    """An import and what came of it."""

    shape = ImportDocument

    def to_representation(self, instance: Import) -> dict[str, Any]:
        """The API document."""
        known = bool(instance.connection)
        return {
            "id": instance.id,
            "filename": instance.filename,
            "format": instance.format,
            "format_title": instance.format_title,
            "state": instance.state,
            "size": instance.size,
            "calls": instance.calls,
            "duplicates": instance.duplicates,
            "routes": instance.routes,
            "quarantined": instance.quarantined,
            "errors": instance.errors,
            "failure": instance.failure,
            "connection_id": instance.connection or None,
            "endpoints": inventory.endpoint_count(instance.connection) if known else 0,
            "findings": findings.open_count(instance.connection) if known else 0,
            "created_at": instance.created_at.isoformat(),
            "finished_at": instance.finished_at and instance.finished_at.isoformat(),
        }


class ImportViewSet(ApiViewSet):
    """Imports."""

    permission_classes = [HasPermission("inventory.read")]
    permission_by_action = {"create": "imports.write"}
    serializer_class = ImportSerializer
    parser_classes = [MultiPartParser]

    def list(self, request: Request) -> Response:
        """Newest first."""
        return self.page(queries.imports())

    def retrieve(self, request: Request, pk: str) -> Response:
        """One import."""
        return Response(self.get_serializer(queries.one(pk)).data)

    @extend_schema(request=UploadSerializer, responses={202: ImportSerializer})
    def create(self, request: Request) -> Response:
        """Drop a file: an access log, an OpenAPI document or a decK dump, plain or gzip."""
        given = UploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        file = given.validated_data["file"]
        row = services.begin(file.name, file.file, file.size, given.validated_data["host"], str(request.user))
        return Response(self.get_serializer(row).data, status=status.HTTP_202_ACCEPTED)


router = Router()
router.register("imports", ImportViewSet, basename="import")
