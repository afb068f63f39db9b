"""REST: connectors, connections, their set-up, checks and runs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from controlplane.connections import queries, services
from controlplane.connections.serializers import (
    AccountFilterSerializer,
    AccountSerializer,
    ChangeFilterSerializer,
    ChangeSerializer,
    CheckSerializer,
    ConnectionDetailSerializer,
    ConnectionDraftSerializer,
    ConnectionPatchSerializer,
    ConnectionSerializer,
    ConnectorSerializer,
    RollOutSerializer,
    RunSerializer,
    SetupSerializer,
)


class ConnectorViewSet(ApiViewSet):
    """What can be connected."""

    permission_classes = [HasPermission("connections.read")]
    serializer_class = ConnectorSerializer

    @extend_schema(operation_id="connectors_list", responses=ConnectorSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every connector with its settings schema, permissions and field matrix."""
        return self.page(queries.manifests())


class ConnectionViewSet(ApiViewSet):
    """A tenant's configured connectors."""

    permission_classes = [HasPermission("connections.read")]
    permission_by_action = {
        "create": "connections.write",
        "partial_update": "connections.write",
        "destroy": "connections.write",
        "setup_texts": "connections.write",
        "check": "connections.write",
        "sync": "connections.write",
        "roll_out": "connections.write",
        "rotate_token": "connections.write",
        "enable": "connections.write",
        "disable": "connections.write",
    }
    serializer_class = ConnectionSerializer

    @extend_schema(operation_id="connections_list", responses=ConnectionSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All connections, newest first."""
        return self.page(queries.connections())

    @extend_schema(
        operation_id="connections_create",
        request=ConnectionDraftSerializer,
        responses={201: ConnectionDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        """A draft with the values we make for it."""
        given = _checked(ConnectionDraftSerializer, request)
        made = services.create(given["connector"], given["name"], given.get("settings"), given.get("runner"))
        return Response(_detail(made.id), status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="connections_retrieve", responses=ConnectionDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One connection with settings, permissions, sections and targets."""
        return Response(_detail(pk))

    @extend_schema(
        operation_id="connections_update",
        request=ConnectionPatchSerializer,
        responses=ConnectionDetailSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change name or settings; a secret given as {"set": true} stays."""
        given = _checked(ConnectionPatchSerializer, request)
        runner = given.get("runner", services.KEEP)
        services.update(pk, name=given.get("name"), settings=given.get("settings"), runner_id=runner)
        return Response(_detail(pk))

    @extend_schema(operation_id="connections_delete", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete the connection; what it discovered stays in the inventory."""
        services.delete(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="connections_setup", responses=SetupSerializer)
    @action(detail=True, methods=["get"], url_path="setup", url_name="setup")
    def setup_texts(self, request: Request, pk: str) -> Response:
        """The texts that grant us access, ready to copy."""
        return Response(SetupSerializer(services.setup(pk)).data)

    @extend_schema(operation_id="connections_check", request=None, responses=CheckSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Test every permission now."""
        return Response(CheckSerializer(services.check(pk)).data)

    @extend_schema(operation_id="connections_sync", request=None, responses={202: RunSerializer})
    @action(detail=True, methods=["post"])
    def sync(self, request: Request, pk: str) -> Response:
        """Read the configuration as soon as a worker is free."""
        run = services.ask_sync(pk)
        return Response({"run": RunSerializer(run).data}, status=status.HTTP_202_ACCEPTED)

    @extend_schema(operation_id="connections_runs", responses=RunSerializer(many=True))
    @action(detail=True, methods=["get"], serializer_class=RunSerializer)
    def runs(self, request: Request, pk: str) -> Response:
        """Runs of the connection, newest first."""
        return self.page(queries.runs(pk))

    @extend_schema(
        operation_id="connections_changes",
        parameters=[ChangeFilterSerializer],
        responses=ChangeSerializer(many=True),
    )
    @action(detail=True, methods=["get"], serializer_class=ChangeSerializer)
    def changes(self, request: Request, pk: str) -> Response:
        """Who changed what at the vendor, newest first. The connection's `changes` says how far that is known."""
        wanted = ChangeFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        chosen = wanted.validated_data
        self.ordering = ("-at", "-id")
        return self.page(
            queries.changes(
                pk,
                object_ref=chosen.get("object", ""),
                author=chosen.get("author", ""),
                since=chosen.get("since"),
            )
        )

    @extend_schema(
        operation_id="connections_accounts",
        parameters=[AccountFilterSerializer],
        responses=AccountSerializer(many=True),
    )
    @action(detail=True, methods=["get"], serializer_class=AccountSerializer)
    def accounts(self, request: Request, pk: str) -> Response:
        """Accounts of the organisation, by name: connected, or why not. The connection's `organization` says when."""
        wanted = AccountFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        self.ordering = ("name", "id")
        return self.page(queries.accounts(pk, state=wanted.validated_data.get("state", "")))

    @extend_schema(
        operation_id="connections_roll_out",
        request=RollOutSerializer,
        responses={202: ConnectionDetailSerializer},
    )
    @action(detail=True, methods=["post"], url_path="roll-out")
    def roll_out(self, request: Request, pk: str) -> Response:
        """List the organisation's accounts and try those not connected, as soon as a worker is free."""
        services.ask_roll_out(pk, _checked(RollOutSerializer, request).get("accounts", []))
        return Response(_detail(pk), status=status.HTTP_202_ACCEPTED)

    @extend_schema(operation_id="connections_rotate_token", request=None, responses={200: None})
    @action(detail=True, methods=["post"], url_path="rotate-token")
    def rotate_token(self, request: Request, pk: str) -> Response:
        """A new ingest token, shown this once; the old one stops working at once."""
        return Response({"ingest_token": services.rotate_token(pk)})

    @extend_schema(
        operation_id="connections_disable",
        request=None,
        responses=ConnectionDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        """Stop reading."""
        services.disable(pk)
        return Response(_detail(pk))

    @extend_schema(
        operation_id="connections_enable",
        request=None,
        responses=ConnectionDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Read again."""
        services.enable(pk)
        return Response(_detail(pk))


def _checked(serializer: Any, request: Request) -> dict[str, Any]:
    bound = serializer(data=request.data)
    bound.is_valid(raise_exception=True)
    given: dict[str, Any] = bound.validated_data
    return given


def _detail(connection_id: str) -> Any:
    return ConnectionDetailSerializer(queries.connection(connection_id)).data


router = Router()
router.register("connectors", ConnectorViewSet, basename="connector")
router.register("connections", ConnectionViewSet, basename="connection")
