"""REST of runners: members make and remove them; runners enrol, fetch work and bring answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from connectors.runner import wire
from controlplane.api.parsers import AnyBody, body_of
from controlplane.api.permissions import HasPermission, Open
from controlplane.api.routing import Router
from controlplane.api.views import ApiView, ApiViewSet
from controlplane.runners import queries, services
from controlplane.runners.models import Runner
from controlplane.runners.shapes import NewRunnerDocument, RunnerDocument
from controlplane.runners.types import NewRunner, state_of
from tenants.errors import Invalid

_ROOM = 64 * 1024  # for everything but an answer's content


class RunnerSerializer(serializers.Serializer[Any]):
    """One runner."""

    shape = RunnerDocument

    id = serializers.CharField(read_only=True)
    name = serializers.CharField(max_length=80)

    def to_representation(self, instance: Runner) -> dict[str, Any]:
        """The API document."""
        return {
            "id": instance.id,
            "name": instance.name,
            "state": state_of(instance.public_key, instance.last_seen_at, timezone.now()),
            "version": instance.version,
            "allowed": instance.allowed,
            "read_only": instance.read_only,
            "enrolled_at": instance.enrolled_at,
            "last_seen_at": instance.last_seen_at,
            "created_at": instance.created_at,
        }


class NewRunnerSerializer(serializers.Serializer[Any]):
    """A runner with its enrolment token."""

    shape = NewRunnerDocument


class RunnerViewSet(ApiViewSet):
    """Programs at the customer that relay our requests."""

    permission_classes = [HasPermission("connections.read")]
    permission_by_action = dict.fromkeys(("create", "destroy", "renew"), "connections.write")
    serializer_class = RunnerSerializer

    @extend_schema(operation_id="runners_list", responses=RunnerSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every runner by name."""
        return self.page(queries.runners())

    @extend_schema(
        operation_id="runners_create", request=RunnerSerializer, responses={201: NewRunnerSerializer}
    )
    def create(self, request: Request) -> Response:
        """A runner and its enrolment token, shown this once and good for an hour."""
        given = RunnerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.create(given.validated_data["name"], timezone.now())
        return Response(_new(made, request), status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="runners_renew", request=None, responses=NewRunnerSerializer)
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: str) -> Response:
        """A new enrolment token; the runner enrolled so far is known no longer."""
        return Response(_new(services.renew(pk, timezone.now()), request))

    @extend_schema(operation_id="runners_delete", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a runner; refused while a connection goes through it."""
        services.delete(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class _RunnerView(ApiView):
    """What runners call: MessagePack in and out, signed by the runner."""

    authentication_classes = []
    permission_classes = [Open("checks the runner's signature or enrolment token itself")]
    parser_classes = [AnyBody]
    most_bytes = _ROOM

    def _caller(self, request: Request) -> Runner:
        headers = {name.lower(): value for name, value in request.headers.items()}
        return services.known(headers, request.path, body_of(request), timezone.now())


class EnrolView(_RunnerView):
    """A new runner shows its enrolment token."""

    @extend_schema(operation_id="runner_enrol", request=bytes, responses={200: bytes})
    def post(self, request: Request) -> HttpResponse:
        """The token against the runner's public key."""
        shown = _document(wire.Enrolment, body_of(request))
        return _sent(services.enrol(shown, timezone.now()))


class WorkView(_RunnerView):
    """A runner asks for work."""

    @extend_schema(operation_id="runner_work", request=bytes, responses={200: bytes})
    def post(self, request: Request) -> HttpResponse:
        """Signed requests to make, perhaps none."""
        row = self._caller(request)
        return _sent(services.hand_out(row, _document(wire.Poll, body_of(request)), timezone.now()))


class AnswersView(_RunnerView):
    """A runner brings an answer."""

    most_bytes = wire.MAX_ANSWER_BYTES + 16 * _ROOM

    @extend_schema(operation_id="runner_answers", request=bytes, responses={204: None})
    def post(self, request: Request) -> HttpResponse:
        """Kept for the worker that waits."""
        row = self._caller(request)
        services.take(row, _document(wire.Answer, body_of(request)))
        return HttpResponse(status=status.HTTP_204_NO_CONTENT)


def _document(kind: type[Any], body: bytes) -> Any:
    try:
        return wire.unpacked(kind, body)
    except wire.NotGenuine as error:
        raise Invalid("unreadable-message", f"{error} Nothing was changed.") from error


def _sent(document: object) -> HttpResponse:
    return HttpResponse(wire.packed(document), content_type=wire.CONTENT_TYPE)


def _new(made: NewRunner, request: Request) -> dict[str, Any]:
    address = request.build_absolute_uri("/").rstrip("/")
    return {
        "runner": RunnerSerializer(queries.runner(made.id)).data,
        "token": made.token,
        "expires_at": made.expires_at,
        "command": f"portcullis-runner enrol --url {address} --token {made.token}",
    }


router = Router()
router.register("runners", RunnerViewSet, basename="runner")
urlpatterns = [
    path("runner/enrol", EnrolView.as_view()),
    path("runner/work", WorkView.as_view()),
    path("runner/answers", AnswersView.as_view()),
]
