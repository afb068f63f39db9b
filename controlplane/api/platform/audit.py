"""The audit trail: read, filter, verify, take along. Nobody can change it."""

from dataclasses import asdict
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from tenants.audit import queries, services
from tenants.audit.types import ACTOR_KINDS, Filter


class FilterSerializer(serializers.Serializer[Any]):
    """Which entries; all of what is given must fit."""

    actor = serializers.CharField(required=False, max_length=64, help_text="Id of who acted.")
    actor_kind = serializers.ChoiceField(ACTOR_KINDS, required=False)
    action = serializers.CharField(
        required=False, max_length=80, help_text="Beginning of it: `block.` or `member.add`."
    )
    target = serializers.CharField(required=False, max_length=200, help_text="Id of what was changed.")
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False, help_text="Not included.")
    q = serializers.CharField(required=False, max_length=200, help_text="Text anywhere in an entry.")


class ExportSerializer(FilterSerializer):
    """Which entries as which file."""

    as_ = serializers.ChoiceField(["csv", "jsonl"], help_text="jsonl holds everything a hash covers.")

    def get_fields(self) -> dict[str, Any]:
        """Name the parameter `as`, which is a word of Python."""
        fields = super().get_fields()
        fields["as"] = fields.pop("as_")
        return fields


class ChangeSerializer(serializers.Serializer[Any]):
    """One field that changed."""

    field = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class EntrySerializer(serializers.Serializer[Any]):
    """One change: who did what to what, from where."""

    sequence = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor_kind = serializers.ChoiceField(ACTOR_KINDS)
    actor_id = serializers.CharField()
    actor_name = serializers.CharField()
    action = serializers.CharField()
    target = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    changes = serializers.SerializerMethodField()
    reason = serializers.CharField(allow_blank=True)
    client_address = serializers.CharField(allow_blank=True)
    user_agent = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)
    hash = serializers.CharField()

    @extend_schema(responses=ChangeSerializer(many=True))
    def get_changes(self, entry: Any) -> list[dict[str, Any]]:
        """Return the fields that differ."""
        return [asdict(change) for change in queries.changes(entry.before, entry.after)]


class HeadSerializer(serializers.Serializer[Any]):
    """How far the trail was signed, when, by which key."""

    sequence = serializers.IntegerField()
    at = serializers.DateTimeField()
    key = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)


class VerificationSerializer(serializers.Serializer[Any]):
    """Outcome of a verification; `fault` is empty when the trail holds, else `sequence` names the first bad entry."""

    ok = serializers.BooleanField()
    checked = serializers.IntegerField()
    sequence = serializers.IntegerField(allow_null=True)
    until = serializers.IntegerField(allow_null=True)
    fault = serializers.CharField(allow_blank=True)
    signed = HeadSerializer(allow_null=True)
    restored = HeadSerializer(many=True)


class KeySerializer(serializers.Serializer[Any]):
    """The public key of signed heads."""

    id = serializers.CharField()
    algorithm = serializers.CharField()
    pem = serializers.CharField()


class AuditViewSet(ApiViewSet):
    """Read, verify and take along the trail."""

    permission_classes = [HasPermission("audit.read")]
    serializer_class = EntrySerializer
    ordering = "-sequence"

    @extend_schema(
        operation_id="audit_list", parameters=[FilterSerializer], responses=EntrySerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        """Return entries, newest first."""
        return self.page(queries.entries(_chosen(request, FilterSerializer)))

    @extend_schema(operation_id="audit_verify", request=None, responses=VerificationSerializer)
    @action(detail=False, methods=["post"])
    def verify(self, request: Request) -> Response:
        """Recompute the whole chain, compare it with what was signed, and sign it as it is now when it holds."""
        found = queries.verify()
        if not found.fault:
            services.sign_now()
        return Response(VerificationSerializer({**asdict(found), "ok": not found.fault}).data)

    @extend_schema(
        operation_id="audit_export",
        parameters=[ExportSerializer],
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, "application/x-ndjson"): OpenApiTypes.STR},
    )
    @action(detail=False, methods=["get"])
    def export(self, request: Request) -> StreamingHttpResponse:
        """Download entries, oldest first; the download is an entry of the trail itself."""
        form = request.query_params.get("as", "")
        kind, pieces = services.export(_chosen(request, ExportSerializer), form)
        answer = StreamingHttpResponse(pieces, content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="audit-{timezone.now():%Y%m%d-%H%M}.{form}"'
        return answer

    @extend_schema(operation_id="audit_heads", responses={(200, "application/x-ndjson"): OpenApiTypes.STR})
    @action(detail=False, methods=["get"])
    def heads(self, request: Request) -> StreamingHttpResponse:
        """Download the signed heads, one per line, for verification elsewhere."""
        lines = (line + b"\n" for line in queries.head_lines())
        return StreamingHttpResponse(lines, content_type="application/x-ndjson")

    @extend_schema(operation_id="audit_key", responses=KeySerializer)
    @action(detail=False, methods=["get"])
    def key(self, request: Request) -> Response:
        """Return the public key of the signed heads; keep it where we cannot change it."""
        return Response({**asdict(queries.verifying_key()), "algorithm": "Ed25519"})


def _chosen(request: Request, serializer: type[FilterSerializer]) -> Filter:
    given = serializer(data=request.query_params)
    given.is_valid(raise_exception=True)
    return Filter(**{name: value for name, value in given.validated_data.items() if name != "as"})


router = Router()
router.register("audit", AuditViewSet, basename="audit")
