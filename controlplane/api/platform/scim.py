"""Settings of provisioning: how it stands, its tokens, its groups, and what was asked for lately."""

from dataclasses import asdict
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission
from controlplane.api.platform.scim_protocol import PREFIX
from controlplane.api.routing import Router
from controlplane.api.views import ApiView, ApiViewSet
from tenants.scim import queries, services

MANAGE = "sso.manage"


class ScimSerializer(serializers.Serializer[Any]):
    """How provisioning stands. `base_url` is what the identity provider is given; it is active with a valid token."""

    base_url = serializers.CharField()
    active = serializers.BooleanField()
    tokens = serializers.IntegerField()
    users = serializers.IntegerField()
    provisioned = serializers.IntegerField()
    suspended = serializers.IntegerField()
    groups = serializers.IntegerField()
    last_request_at = serializers.DateTimeField(allow_null=True)
    last_change_at = serializers.DateTimeField(allow_null=True)
    last_error_at = serializers.DateTimeField(allow_null=True)


class ScimTokenSerializer(serializers.Serializer[Any]):
    """A SCIM token, without its secret."""

    id = serializers.CharField(read_only=True)
    name = serializers.CharField(max_length=80)
    prefix = serializers.CharField(read_only=True)
    expires_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField(read_only=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)
    revoked_at = serializers.DateTimeField(read_only=True, allow_null=True)


class NewScimTokenSerializer(serializers.Serializer[Any]):
    """A SCIM token just made; this is the only time `token` is shown."""

    id = serializers.CharField()
    token = serializers.CharField(source="secret")
    expires_at = serializers.DateTimeField()


class ScimEventSerializer(serializers.Serializer[Any]):
    """A write the identity provider asked for; `status` is the answer's, `detail` why it was refused."""

    id = serializers.CharField()
    at = serializers.DateTimeField()
    method = serializers.ChoiceField(["POST", "PUT", "PATCH", "DELETE"])
    resource = serializers.ChoiceField(["User", "Group"])
    resource_id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    status = serializers.IntegerField()
    detail = serializers.CharField()
    token = serializers.CharField(source="token.name", default=None, allow_null=True)


class ScimGroupSerializer(serializers.Serializer[Any]):
    """A provisioned group, how many are in it, and the role the rules make of it (null: no rule names it)."""

    id = serializers.CharField()
    name = serializers.CharField()
    members = serializers.IntegerField()
    role = serializers.CharField(allow_null=True)


class ScimView(ApiView):
    """Provisioning of the workspace. Only an owner manages it."""

    permission_classes = [HasPermission(MANAGE)]

    @extend_schema(operation_id="sso_scim_read", responses=ScimSerializer)
    def get(self, request: Request) -> Response:
        """Return how provisioning stands."""
        base = f"{request.scheme}://{request.get_host()}{PREFIX}"
        return Response(ScimSerializer({"base_url": base} | asdict(queries.status())).data)

    @extend_schema(operation_id="sso_scim_stop", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Stop provisioning: every token ends, groups are forgotten; members and their roles stay."""
        services.stop()
        return Response(status=status.HTTP_204_NO_CONTENT)


class ScimTokenViewSet(ApiViewSet):
    """SCIM tokens: at most two are valid, so that one can replace the other."""

    permission_classes = [HasPermission(MANAGE)]
    serializer_class = ScimTokenSerializer

    @extend_schema(operation_id="sso_scim_tokens_list", responses=ScimTokenSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the tokens, newest first, ended ones too."""
        return self.page(queries.tokens())

    @extend_schema(operation_id="sso_scim_tokens_create", responses={201: NewScimTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token, good for a year at most."""
        given = self.validated(request)
        made = services.create_token(given["name"], given["expires_at"], _maker(request))
        return Response(NewScimTokenSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="sso_scim_tokens_rotate", request=None, responses={201: NewScimTokenSerializer}
    )
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """Make the successor of a token; the old one ends within 24 hours."""
        made = services.rotate_token(pk, _maker(request))
        return Response(NewScimTokenSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="sso_scim_tokens_revoke", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End a token at once."""
        services.revoke_token(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ScimEventViewSet(ApiViewSet):
    """What the identity provider asked for, and what came of it."""

    permission_classes = [HasPermission(MANAGE)]
    serializer_class = ScimEventSerializer

    @extend_schema(operation_id="sso_scim_events_list", responses=ScimEventSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the last 30 days, newest first."""
        return self.page(queries.events())


class ScimGroupViewSet(ApiViewSet):
    """The groups the identity provider pushed."""

    permission_classes = [HasPermission(MANAGE)]
    serializer_class = ScimGroupSerializer
    ordering = "id"

    @extend_schema(operation_id="sso_scim_groups_list", responses=ScimGroupSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the groups with the role the rules make of each."""
        return self.page(queries.groups_with_roles())


def _maker(request: Request) -> str | None:
    return str(request.user.pk) if request.user.is_authenticated else None


router = Router()
router.register("sso/scim/tokens", ScimTokenViewSet, basename="sso-scim-token")
router.register("sso/scim/events", ScimEventViewSet, basename="sso-scim-event")
router.register("sso/scim/groups", ScimGroupViewSet, basename="sso-scim-group")
urlpatterns = [path("sso/scim", ScimView.as_view(), name="sso-scim")]
