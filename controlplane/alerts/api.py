"""REST of alerts: destinations, test messages and the delivery log."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.alerts import jobs, queries, services
from controlplane.alerts.models import Delivery, Destination
from controlplane.alerts.shapes import CreatedDestinationDocument, DeliveryDocument, DestinationDocument
from controlplane.alerts.types import EVENTS, SEVERITIES
from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from controlplane.connections.schema import secret_fields
from controlplane.connections.services import manifest_of


class DestinationSerializer(serializers.Serializer[Any]):
    """One place alerts go to."""

    shape = DestinationDocument

    id = serializers.CharField(read_only=True)
    connector = serializers.CharField()
    name = serializers.CharField(max_length=120)
    settings = serializers.DictField()
    min_severity = serializers.ChoiceField(SEVERITIES, default="high")
    events = serializers.ListField(child=serializers.ChoiceField(list(EVENTS)), default=list(EVENTS))
    enabled = serializers.BooleanField(default=True)
    created_at = serializers.DateTimeField(read_only=True)

    def to_representation(self, instance: Destination) -> dict[str, Any]:
        """The API document; secrets show only that they are set."""
        hidden = secret_fields(manifest_of(instance.connector).settings)
        return {
            "id": instance.id,
            "connector": instance.connector,
            "name": instance.name,
            "settings": {**instance.settings, **{name: {"set": bool(instance.sealed)} for name in hidden}},
            "min_severity": instance.min_severity,
            "events": instance.events,
            "enabled": instance.enabled,
            "created_at": instance.created_at.isoformat(),
        }


class CreatedDestinationSerializer(serializers.Serializer[Any]):
    """A new destination with the secrets made for it."""

    shape = CreatedDestinationDocument


class DeliverySerializer(serializers.Serializer[Any]):
    """One message and what became of it."""

    shape = DeliveryDocument

    def to_representation(self, instance: Delivery) -> dict[str, Any]:
        """The API document."""
        return {
            "id": instance.id,
            "destination": {"id": instance.destination_id, "name": instance.destination.name},
            "event": instance.event,
            "subject": instance.subject,
            "severity": instance.severity,
            "state": instance.state,
            "attempts": instance.attempts,
            "last_error": instance.last_error,
            "created_at": instance.created_at.isoformat(),
            "delivered_at": instance.delivered_at and instance.delivered_at.isoformat(),
        }


class DestinationViewSet(ApiViewSet):
    """Destinations of alerts."""

    permission_classes = [HasPermission("alerts.read")]
    permission_by_action = dict.fromkeys(("create", "partial_update", "destroy", "test"), "alerts.write")
    serializer_class = DestinationSerializer

    def list(self, request: Request) -> Response:
        """All destinations."""
        return self.page(queries.destinations())

    @extend_schema(responses={201: CreatedDestinationSerializer})
    def create(self, request: Request) -> Response:
        """A new destination; ``generated`` holds the secrets we made, shown this once."""
        given = self.validated(request)
        row, made = services.create_destination(
            given["connector"], given["name"], given["settings"], given["min_severity"], given["events"]
        )
        return Response({**self.get_serializer(row).data, "generated": made}, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a destination."""
        serializer = self.get_serializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        given = {name: value for name, value in serializer.validated_data.items() if name in request.data}
        return Response(self.get_serializer(services.update_destination(pk, given)).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a destination."""
        services.delete_destination(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send a test message now."""
        return Response(DeliverySerializer(services.send_test(pk)).data)


class DeliveryViewSet(ApiViewSet):
    """The delivery log."""

    permission_classes = [HasPermission("alerts.read")]
    permission_by_action = {"resend": "alerts.write"}
    serializer_class = DeliverySerializer

    def list(self, request: Request) -> Response:
        """Newest first."""
        return self.page(queries.deliveries())

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Deliver again."""
        delivery = services.resend(pk)
        jobs.deliver.enqueue(delivery.id, 0)
        return Response(self.get_serializer(delivery).data, status=status.HTTP_202_ACCEPTED)


router = Router()
router.register("alert-destinations", DestinationViewSet, basename="alert-destination")
router.register("alert-deliveries", DeliveryViewSet, basename="alert-delivery")
