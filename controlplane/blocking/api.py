"""REST of blocking: previews, blocks and their life cycle, targets, protected networks."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiView, ApiViewSet
from controlplane.blocking import queries, services
from controlplane.blocking.models import Block, Preview
from controlplane.blocking.services.asking import utc_now
from controlplane.blocking.shapes import BlockDetailDocument, BlockDocument, PreviewDocument
from controlplane.blocking.types import Person


class HeaderMatchSerializer(serializers.Serializer[Any]):
    """A request header to compare; operator is equals, contains or prefix."""

    name = serializers.CharField()
    value = serializers.CharField()
    operator = serializers.ChoiceField(["equals", "contains", "prefix"], default="equals")


class MatchSerializer(serializers.Serializer[Any]):
    """Conditions that must all hold; a list holds when one of its values does."""

    networks = serializers.ListField(child=serializers.CharField(), required=False)
    principals = serializers.ListField(child=serializers.CharField(), required=False)
    consumers = serializers.ListField(child=serializers.CharField(), required=False)
    methods = serializers.ListField(child=serializers.CharField(), required=False)
    path_templates = serializers.ListField(child=serializers.CharField(), required=False)
    hosts = serializers.ListField(child=serializers.CharField(), required=False)
    headers = HeaderMatchSerializer(many=True, required=False)
    ja4 = serializers.ListField(child=serializers.CharField(), required=False)
    countries = serializers.ListField(child=serializers.CharField(), required=False)
    asns = serializers.ListField(child=serializers.IntegerField(), required=False)


class RateSerializer(serializers.Serializer[Any]):
    """Requests per window and client address."""

    requests = serializers.IntegerField(min_value=1)
    per_seconds = serializers.IntegerField(min_value=1)


class TargetRefSerializer(serializers.Serializer[Any]):
    """A place to push to."""

    connection_id = serializers.CharField()
    ref = serializers.CharField()


class DraftSerializer(serializers.Serializer[Any]):
    """A block as asked for."""

    match = MatchSerializer()
    action = serializers.ChoiceField(["block", "rate_limit", "challenge", "count"])
    rate = RateSerializer(required=False, allow_null=True)
    ttl_seconds = serializers.IntegerField(min_value=1)
    targets = TargetRefSerializer(many=True)
    window_days = serializers.IntegerField(min_value=1, max_value=30, default=7)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why the block is wanted; id is that of the threat or finding."""

    kind = serializers.ChoiceField(["threat", "finding", "manual"])
    id = serializers.CharField(required=False, allow_blank=True, allow_null=True, default="")
    text = serializers.CharField(allow_blank=False, max_length=500)


class CreateSerializer(serializers.Serializer[Any]):
    """A block is created from a preview no older than 15 minutes."""

    preview_id = serializers.CharField()
    stage = serializers.ChoiceField(["count", "block"])
    reason = ReasonSerializer()


class ExtendSerializer(serializers.Serializer[Any]):
    """The new time to live, counted from now."""

    ttl_seconds = serializers.IntegerField(min_value=1)


class ApproveSerializer(serializers.Serializer[Any]):
    """``fingerprint`` of the block as it was shown; when given, nothing else is approved."""

    fingerprint = serializers.CharField(required=False, allow_blank=True, default="")


class ProtectedNetworkSerializer(serializers.Serializer[Any]):
    """A network that must never be blocked."""

    id = serializers.CharField(read_only=True)
    cidr = serializers.CharField()
    label = serializers.CharField(max_length=120)  # type: ignore[assignment]
    kind = serializers.ChoiceField(
        ["egress", "health_check", "office", "partner", "gateway", "other"], default="other"
    )
    created_at = serializers.DateTimeField(read_only=True)


class BlockSerializer(serializers.Serializer[Any]):
    """A block as lists show it."""

    shape = BlockDocument

    def to_representation(self, instance: Block) -> dict[str, Any]:
        """The API document."""
        return {
            "id": instance.id,
            "match": instance.match,
            "action": instance.action,
            "rate": instance.rate,
            "stage": instance.stage,
            "status": instance.status,
            "reason": {"kind": instance.reason_kind, "id": instance.reason_id, "text": instance.reason_text},
            "author": instance.author,
            "needs_approval": instance.needs_approval,
            "approved_by": instance.approved_by,
            "created_at": instance.created_at.isoformat(),
            "expires_at": instance.expires_at.isoformat(),
            "ended_at": instance.ended_at and instance.ended_at.isoformat(),
            "targets": [_target(row) for row in instance.targets.all()],
        }


class BlockDetailSerializer(serializers.Serializer[Any]):
    """One block in full."""

    shape = BlockDetailDocument


class PreviewSerializer(serializers.Serializer[Any]):
    """A preview."""

    shape = PreviewDocument


def _target(row: Any) -> dict[str, Any]:
    return {
        "connection_id": row.connection,
        "ref": row.ref,
        "name": row.name,
        "state": row.state,
        "exactness": row.exactness,
        "reasons": row.reasons,
        "covered": row.covered,
        "uncovered": row.uncovered,
        "cost": row.cost,
        "vendor_objects": row.vendor_objects,
        "read_back_at": row.read_back_at and row.read_back_at.isoformat(),
        "error": row.error,
    }


def _detail(block: Block) -> dict[str, Any]:
    events = sorted(block.events.all(), key=lambda event: event.id)
    return BlockSerializer(block).data | {
        "events": [
            {"at": event.at.isoformat(), "kind": event.kind, "sentence": event.sentence, "actor": event.actor}
            for event in events
        ],
        "hits": queries.hits(block, utc_now()),
        "preview": block.preview,
        "fingerprint": services.fingerprint(block),
    }


def _preview(preview: Preview) -> dict[str, Any]:
    return {
        "preview_id": preview.id,
        "expires_at": preview.expires_at.isoformat(),
        "draft": preview.draft,
        **preview.result,
    }


def _person(request: Request) -> Person:
    return services.person(request.user, request.auth)


class PreviewView(ApiView):
    """Simulate a draft on past calls. Nothing is pushed."""

    permission_classes = [HasPermission("blocks.preview")]

    @extend_schema(operation_id="blocks_preview", request=DraftSerializer, responses=PreviewSerializer)
    def post(self, request: Request) -> Response:
        """What it would have done, what the gates say and what each target makes of it."""
        serializer = DraftSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(_preview(services.preview(serializer.validated_data, _person(request).name)))


class PushTargetsView(ApiView):
    """Places a block can be pushed to."""

    permission_classes = [HasPermission("blocks.read")]

    @extend_schema(operation_id="blocks_targets", responses={200: dict})
    def get(self, request: Request) -> Response:
        """All of them, over all connections."""
        return Response({"data": queries.push_targets(), "next": None})


class UndoAllView(ApiView):
    """The kill switch."""

    permission_classes = [HasPermission("blocks.push")]

    @extend_schema(operation_id="blocks_undo_all", request=None, responses={200: dict})
    def post(self, request: Request) -> Response:
        """Take every block away at every target; the ids of those that now leave."""
        return Response({"undone": services.undo_all(_person(request).name)})


class BlockViewSet(ApiViewSet):
    """Blocks."""

    permission_classes = [HasPermission("blocks.read")]
    permission_by_action = {
        "create": "blocks.push",
        "promote": "blocks.push",
        "undo": "blocks.push",
        "extend": "blocks.push",
        "approve": "blocks.approve",
    }
    without_step_up = {
        "undo": "taking one block away is the safe direction and must never wait for a password"
    }
    serializer_class = BlockSerializer

    def list(self, request: Request) -> Response:
        """Blocks, newest first; ``status`` is active, over or one status; ``reason`` the id of a threat or finding."""
        params = request.query_params
        return self.page(queries.blocks(params.get("status", ""), params.get("reason", "")))

    @extend_schema(responses=BlockDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One block with its targets, history and hits."""
        return Response(_detail(queries.block(pk)))

    @extend_schema(request=CreateSerializer, responses={201: BlockDetailSerializer})
    def create(self, request: Request) -> Response:
        """Create from a preview and push it; the gates are asked again."""
        serializer = CreateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        block = services.create(given["preview_id"], given["stage"], dict(given["reason"]), _person(request))
        return Response(_detail(block), status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=BlockDetailSerializer)
    @action(detail=True, methods=["post"])
    def promote(self, request: Request, pk: str) -> Response:
        """From counting to blocking."""
        return Response(_detail(services.promote(pk, _person(request))))

    @extend_schema(request=None, responses=BlockDetailSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take it away at every target."""
        return Response(_detail(services.undo(pk, _person(request).name)))

    @extend_schema(request=ApproveSerializer, responses=BlockDetailSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """A second person's consent."""
        serializer = ApproveSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        seen = serializer.validated_data["fingerprint"]
        return Response(_detail(services.approve(pk, _person(request), seen)))

    @extend_schema(request=ExtendSerializer, responses=BlockDetailSerializer)
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, pk: str) -> Response:
        """Move its end."""
        serializer = ExtendSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        ttl = serializer.validated_data["ttl_seconds"]
        return Response(_detail(services.extend(pk, ttl, _person(request).name)))


class ProtectedNetworkViewSet(ApiViewSet):
    """Networks that must never be blocked."""

    permission_classes = [HasPermission("blocks.read")]
    permission_by_action = {"create": "blocks.push", "destroy": "blocks.approve"}
    serializer_class = ProtectedNetworkSerializer

    def list(self, request: Request) -> Response:
        """The protected list."""
        return self.page(queries.protected_networks())

    def create(self, request: Request) -> Response:
        """Protect a network."""
        row = services.protect(**self.validated(request))
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        """Take it off the list."""
        services.unprotect(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


_router = Router()
_router.register("blocks", BlockViewSet, basename="block")
_router.register("protected-networks", ProtectedNetworkViewSet, basename="protected-network")
#: The fixed addresses stand before ``blocks/{id}``.
urlpatterns = [
    path("blocks/preview", PreviewView.as_view()),
    path("blocks/targets", PushTargetsView.as_view()),
    path("blocks/undo-all", UndoAllView.as_view()),
    *_router.urls,
]
