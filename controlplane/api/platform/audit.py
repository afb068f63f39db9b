"""The audit trail."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from tenants.audit import queries


class EntrySerializer(serializers.Serializer[Any]):
    """One change."""

    sequence = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor_kind = serializers.CharField()
    actor_id = serializers.CharField()
    actor_name = serializers.CharField()
    action = serializers.CharField()
    target = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    reason = serializers.CharField()
    hash = serializers.CharField()


class VerificationSerializer(serializers.Serializer[Any]):
    """Outcome of recomputing the chain; `fault` is empty when it holds."""

    checked = serializers.IntegerField()
    sequence = serializers.IntegerField(allow_null=True)
    fault = serializers.CharField(allow_blank=True)


class AuditViewSet(ApiViewSet):
    """Read and verify the trail; nobody can change it."""

    permission_classes = [HasPermission("audit.read")]
    serializer_class = EntrySerializer
    ordering = "-sequence"

    @extend_schema(
        operation_id="audit_list",
        parameters=[OpenApiParameter(name, str) for name in ("actor", "action", "target")],
        responses=EntrySerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Return entries, newest first."""
        wanted = {name: request.query_params.get(name, "") for name in ("actor", "action", "target")}
        return self.page(queries.entries(**wanted))

    @extend_schema(operation_id="audit_verify", request=None, responses=VerificationSerializer)
    @action(detail=False, methods=["post"])
    def verify(self, request: Request) -> Response:
        """Recompute the whole chain and say whether it holds."""
        return Response(asdict(queries.verify()))


router = Router()
router.register("audit", AuditViewSet, basename="audit")
