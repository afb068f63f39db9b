"""API tokens of the workspace."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission, granted
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from tenants.tokens import queries, services


class TokenSerializer(serializers.Serializer[Any]):
    """A token, without its secret; with `networks` (CIDR ranges) it is good from there only."""

    id = serializers.CharField(read_only=True)
    name = serializers.CharField(max_length=80)
    prefix = serializers.CharField(read_only=True)
    scopes = serializers.ListField(
        child=serializers.CharField(max_length=40), allow_empty=False, max_length=60
    )
    networks = serializers.ListField(
        child=serializers.CharField(max_length=43), required=False, default=list, max_length=50
    )
    state = serializers.ChoiceField(["active", "expired", "revoked"], read_only=True)
    made_by = serializers.CharField(read_only=True)
    expires_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField(read_only=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_used_address = serializers.CharField(read_only=True)
    last_used_agent = serializers.CharField(read_only=True)
    revoked_at = serializers.DateTimeField(read_only=True, allow_null=True)


class NewTokenSerializer(serializers.Serializer[Any]):
    """A token just made; this is the only time `token` is shown."""

    id = serializers.CharField()
    token = serializers.CharField(source="secret")
    expires_at = serializers.DateTimeField()


class TokenViewSet(ApiViewSet):
    """List, make and revoke tokens."""

    permission_classes = [HasPermission("tokens.read")]
    permission_by_action = {"create": "tokens.write", "destroy": "tokens.write"}
    serializer_class = TokenSerializer

    @extend_schema(operation_id="tokens_list", responses=TokenSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the tokens, newest first."""
        return self.page(queries.tokens())

    @extend_schema(operation_id="tokens_create", request=TokenSerializer, responses={201: NewTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token with scopes within the caller's own rights, good for a year at most."""
        given = self.validated(request)
        maker = str(request.user.pk) if request.user.is_authenticated else None
        made = services.create_token(
            given["name"],
            given["scopes"],
            given["expires_at"],
            maker,
            granted(request),
            given["networks"],
        )
        return Response(NewTokenSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="tokens_revoke", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End a token at once."""
        services.revoke_token(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


router = Router()
router.register("tokens", TokenViewSet, basename="token")
