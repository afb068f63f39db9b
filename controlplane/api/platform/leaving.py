"""Take the workspace's data along, and leave: archives, and the deletion of the whole workspace."""

from typing import Any

from django.conf import settings
from django.http import FileResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiView, ApiViewSet
from tenants.archives import queries, services
from tenants.orgs.services import ask_deletion, keep_tenant
from tenants.orgs.types import OrgInfo


class ArchiveSerializer(serializers.Serializer[Any]):
    """One archive; `size` in bytes, `sha256` of the file."""

    id = serializers.CharField()
    state = serializers.ChoiceField(["queued", "ready", "failed", "expired"])
    size = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField(allow_blank=True)
    problem = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    taken_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class DeletionSerializer(serializers.Serializer[Any]):
    """Whether the workspace is going to be deleted, and when."""

    delete_after = serializers.DateTimeField(allow_null=True)
    grace_hours = serializers.FloatField()


class AskDeletionSerializer(serializers.Serializer[Any]):
    """The workspace's name as it is shown."""

    name = serializers.CharField(max_length=120)


class ArchiveViewSet(ApiViewSet):
    """Everything the workspace has, as one file."""

    permission_classes = [HasPermission("tenant.export")]
    step_up = ("file",)
    serializer_class = ArchiveSerializer

    @extend_schema(operation_id="archives_list", responses=ArchiveSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the archives, newest first."""
        return self.page(queries.archives())

    @extend_schema(operation_id="archives_read", responses=ArchiveSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Return one archive."""
        return Response(self.get_serializer(queries.archive(pk)).data)

    @extend_schema(operation_id="archives_ask", request=None, responses={202: ArchiveSerializer})
    def create(self, request: Request) -> Response:
        """Ask for an archive; it is made in the background and kept for seven days."""
        made = queries.archive(services.ask())
        return Response(self.get_serializer(made).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        operation_id="archives_download", responses={(200, "application/zip"): OpenApiTypes.BINARY}
    )
    @action(detail=True, methods=["get"])
    def file(self, request: Request, pk: str) -> FileResponse:
        """Download a finished archive."""
        name, stream = services.opened(pk)
        return FileResponse(stream, as_attachment=True, filename=name, content_type="application/zip")


class DeletionView(ApiView):
    """Ask for the deletion of the workspace, or take the wish back while there is time."""

    permission_classes = [HasPermission("tenant.delete")]
    without_step_up = {"delete": "keeping the workspace is the safe direction"}

    @extend_schema(operation_id="tenant_deletion_read", responses=DeletionSerializer)
    def get(self, request: Request) -> Response:
        """Return whether and when the workspace will be deleted."""
        org: OrgInfo = request._request.org  # type: ignore[attr-defined]
        return Response(_described(org))

    @extend_schema(
        operation_id="tenant_deletion_ask", request=AskDeletionSerializer, responses={202: DeletionSerializer}
    )
    def post(self, request: Request) -> Response:
        """Ask for the deletion with the workspace's name, by a person who has just shown who they are."""
        body = AskDeletionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        org = ask_deletion(body.validated_data["name"], str(request.user.pk))
        return Response(_described(org), status=status.HTTP_202_ACCEPTED)

    @extend_schema(operation_id="tenant_deletion_cancel", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Keep the workspace."""
        keep_tenant(str(request.user.pk or ""))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _described(org: OrgInfo) -> dict[str, Any]:
    return {"delete_after": org.delete_after, "grace_hours": settings.DELETION_GRACE_HOURS}


router = Router()
router.register("archives", ArchiveViewSet, basename="archive")
urlpatterns = [path("tenant/deletion", DeletionView.as_view(), name="tenant-deletion")]
