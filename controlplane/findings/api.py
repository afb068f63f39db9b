"""REST: findings, their facets and their triage. Re-checks and the catalogue of checks are posture's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiView, ApiViewSet
from controlplane.findings import queries, services
from controlplane.findings.models import Finding
from controlplane.findings.shapes import FindingDetailDocument, FindingDocument
from controlplane.findings.types import Status

_FILTERS = ("status", "severity", "check", "service", "endpoint", "connection")
_PARAMETERS = [
    *(
        OpenApiParameter(name, str, description="One value or several, with commas between.")
        for name in _FILTERS
    ),
    OpenApiParameter("q", str, description="Text in title, sentence, subject or check."),
]


class FindingSerializer(serializers.BaseSerializer[Finding]):
    """A finding in a list."""

    shape: type = FindingDocument

    def to_representation(self, instance: Finding) -> dict[str, Any]:
        """What it is, where, how bad and where it stands."""
        of_service = instance.subject_kind == "service" and instance.service_id
        return {
            "id": instance.id,
            "check": instance.check_id,
            "title": instance.title,
            "severity": instance.severity,
            "status": instance.status,
            "subject": {
                "kind": instance.subject_kind,
                "id": instance.service_id if of_service else instance.subject_ref,
                "label": instance.subject_label,
            },
            "connection_id": instance.connection_id,
            "service_id": instance.service_id or None,
            "endpoint_ids": instance.endpoint_ids,
            "first_seen": instance.first_seen.isoformat(),
            "last_seen": instance.last_seen.isoformat(),
            "sentence": instance.sentence,
        }


class FindingDetailSerializer(FindingSerializer):
    """A finding with its proof, its repair and what became of it."""

    shape = FindingDetailDocument

    def to_representation(self, instance: Finding) -> dict[str, Any]:
        """The list's fields and the rest."""
        until = instance.accepted_until
        history = sorted(instance.history.all(), key=lambda entry: (entry.at, entry.id), reverse=True)
        return super().to_representation(instance) | {
            "why": instance.why,
            "evidence": [proof | {"read_at": instance.last_seen.isoformat()} for proof in instance.evidence],
            "fix": instance.fix,
            "references": instance.references,
            "reason": instance.status_reason,
            "expires_at": until and until.isoformat(),
            "clean_reads": instance.clean_reads,
            "history": [
                {
                    "at": entry.at.isoformat(),
                    "kind": entry.status,
                    "detail": entry.sentence,
                    "actor": entry.actor or None,
                }
                for entry in history
            ],
        }


class TriageSerializer(serializers.Serializer[Any]):
    """What a person decides of a finding."""

    status = serializers.ChoiceField([status.value for status in Status])
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class FindingViewSet(ApiViewSet):
    """Weaknesses found by checks."""

    permission_classes = [HasPermission("findings.read")]
    permission_by_action = {"partial_update": "findings.write"}
    serializer_class = FindingSerializer
    ordering = "position"

    @extend_schema(
        operation_id="findings_list", parameters=_PARAMETERS, responses=FindingSerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        """Findings, worst first."""
        return self.page(queries.findings(_filter(request)))

    @extend_schema(operation_id="findings_get", responses=FindingDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One finding with its evidence, reason, fix and history."""
        return Response(FindingDetailSerializer(queries.finding(pk)).data)

    @extend_schema(
        operation_id="findings_triage", request=TriageSerializer, responses=FindingDetailSerializer
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Set its status; a risk is accepted with a reason and until a time to come."""
        serializer = TriageSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        author = str(getattr(request.auth, "name", "") or request.user)
        services.triage(
            pk, Status(given["status"]), given["reason"], given["expires_at"], author, datetime.now(UTC)
        )
        return Response(FindingDetailSerializer(queries.finding(pk)).data)


class FindingFacetsView(ApiView):
    """Counts beside the filters of the list."""

    permission_classes = [HasPermission("findings.read")]

    @extend_schema(operation_id="findings_facets", parameters=_PARAMETERS, responses={200: dict})
    def get(self, request: Request) -> Response:
        """How many findings each value would give."""
        return Response(queries.facets(_filter(request)))


def _filter(request: Request) -> queries.FindingFilter:
    given = {
        name: tuple(part for part in request.query_params.get(name, "").split(",") if part)
        for name in _FILTERS
    }
    return queries.FindingFilter(**given, text=request.query_params.get("q", "").strip())


_router = Router()
_router.register("findings", FindingViewSet, basename="finding")
#: The fixed address stands before ``findings/{id}``.
urlpatterns = [path("findings/facets", FindingFacetsView.as_view()), *_router.urls]
