"""The workspace itself."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission, Member
from controlplane.api.views import ApiView
from tenants.orgs.services import rename_tenant
from tenants.orgs.types import OrgInfo


class TenantSerializer(serializers.Serializer[Any]):
    """A workspace; only its name can be changed."""

    id = serializers.CharField(read_only=True)
    slug = serializers.CharField(read_only=True)
    name = serializers.CharField(max_length=120)
    status = serializers.CharField(read_only=True)


class TenantView(ApiView):
    """Read and rename the workspace."""

    serializer_class = TenantSerializer

    def get_permissions(self) -> Any:
        """Every member reads; changing needs `tenant.write`."""
        return [Member()] if self.request.method == "GET" else [HasPermission("tenant.write")]

    @extend_schema(operation_id="tenant_read", responses=TenantSerializer)
    def get(self, request: Request) -> Response:
        """Return the workspace of this host name."""
        org: OrgInfo = request._request.org  # type: ignore[attr-defined]
        return Response(TenantSerializer(org).data)

    @extend_schema(operation_id="tenant_update", request=TenantSerializer, responses=TenantSerializer)
    def patch(self, request: Request) -> Response:
        """Change the display name."""
        body = TenantSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(TenantSerializer(rename_tenant(body.validated_data["name"])).data)


urlpatterns = [path("tenant", TenantView.as_view(), name="tenant")]
