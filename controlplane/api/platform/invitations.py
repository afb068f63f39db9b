"""Invitations: made by administrators, opened and accepted by whoever got the mail."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import HasPermission, Open, granted
from controlplane.api.platform.account import LINK
from controlplane.api.platform.members import ROLES
from controlplane.api.platform.session import SessionSerializer, signed_in
from controlplane.api.routing import Router
from controlplane.api.views import ApiViewSet
from tenants.accounts.queries import user
from tenants.accounts.types import By
from tenants.client_address import client_address
from tenants.errors import Invalid, Refused
from tenants.members import queries, services
from tenants.orgs.types import OrgInfo
from tenants.sso.queries import offered
from tenants.sso.services import policy

_OPEN = [Open("the mailed link is the proof")]


class InvitationSerializer(serializers.Serializer[Any]):
    """An invitation; `sent_at` is empty until the mail has left."""

    id = serializers.CharField(read_only=True)
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(ROLES)
    state = serializers.ChoiceField(["open", "expired"], read_only=True)
    invited_by = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    sent_at = serializers.DateTimeField(read_only=True, allow_null=True)
    expires_at = serializers.DateTimeField(read_only=True)


class InvitationLinkSerializer(serializers.Serializer[Any]):
    """What stood behind `#` in the mailed link."""

    token = serializers.CharField(max_length=LINK)


class InvitedProviderSerializer(serializers.Serializer[Any]):
    """An identity provider of the workspace."""

    id = serializers.CharField()
    name = serializers.CharField()


class InvitedSerializer(serializers.Serializer[Any]):
    """What the invited person is shown, and the ways they may join."""

    email = serializers.EmailField()
    role = serializers.CharField()
    invited_by = serializers.CharField()
    workspace = serializers.CharField()
    expires_at = serializers.DateTimeField()
    password = serializers.BooleanField()
    providers = InvitedProviderSerializer(many=True)


class AcceptSerializer(serializers.Serializer[Any]):
    """The link's token with a name and password, or with the id of a provider to sign in by."""

    token = serializers.CharField(max_length=LINK)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    password = serializers.CharField(
        max_length=1000,
        trim_whitespace=False,
        write_only=True,
        required=False,
        allow_blank=True,
        default="",
    )
    provider = serializers.CharField(max_length=32, required=False, allow_blank=True, default="")


class AcceptedSerializer(serializers.Serializer[Any]):
    """Where to go on: the provider's sign-in."""

    href = serializers.CharField()


class InvitationViewSet(ApiViewSet):
    """Open invitations of the workspace."""

    permission_classes = [HasPermission("members.read")]
    permission_by_action = dict.fromkeys(("create", "destroy", "resend"), "members.write")
    serializer_class = InvitationSerializer

    @extend_schema(operation_id="invitations_list", responses=InvitationSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return invitations not accepted yet, newest first."""
        return self.page(queries.invitations())

    @extend_schema(operation_id="invitations_read", responses=InvitationSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Return one invitation."""
        return self._one(pk)

    @extend_schema(operation_id="invitations_send", responses={201: InvitationSerializer})
    def create(self, request: Request) -> Response:
        """Mail an invitation with a role within the caller's own rights; again to the same address renews it."""
        given = self.validated(request)
        made = services.invite(given["email"], given["role"], granted(request), _by(request))
        return self._one(made, status.HTTP_201_CREATED)

    @extend_schema(operation_id="invitations_resend", request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Mail a new link, good for seven days; the one before ends."""
        services.resend_invitation(pk, granted(request), _by(request))
        return self._one(pk)

    @extend_schema(operation_id="invitations_revoke", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take an invitation back; its link ends at once."""
        services.revoke_invitation(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _one(self, invitation_id: str, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(queries.invitation(invitation_id)).data, status=code)


class InvitedViewSet(ApiViewSet):
    """The side of whoever got the mail."""

    authentication_classes: list[Any] = []
    permission_classes = _OPEN
    serializer_class = InvitationLinkSerializer

    @extend_schema(
        operation_id="invitation_open", request=InvitationLinkSerializer, responses={200: InvitedSerializer}
    )
    @action(detail=False, methods=["post"])
    def open(self, request: Request) -> Response:
        """Return what the invitation says; 412 when it is spent."""
        token = self.validated(request)["token"]
        found = services.described(token, client_address(request._request))
        org: OrgInfo = request._request.org  # type: ignore[attr-defined]
        answer = {
            "email": found.email,
            "role": found.role,
            "invited_by": found.invited_by,
            "workspace": org.name,
            "expires_at": found.expires_at,
            "password": not policy().required,
            "providers": [{"id": key, "name": name} for key, name in offered()],
        }
        return Response(InvitedSerializer(answer).data)

    @extend_schema(
        operation_id="invitation_accept",
        request=AcceptSerializer,
        responses={200: AcceptedSerializer, 201: SessionSerializer},
    )
    @action(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        """Join: with name and password (201, signed in), or by a provider (200 with where to sign in)."""
        body = AcceptSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given, address = body.validated_data, client_address(request._request)
        if given["provider"]:
            if given["provider"] not in dict(offered()):
                raise Invalid(
                    "unknown-provider", "Nothing was changed.", fields={"provider": ["Not offered."]}
                )
            services.accept_for_sso(given["token"], address)
            return Response({"href": f"/sso/{given['provider']}/start"})
        if policy().required:
            raise Refused(
                "sso-required",
                "This workspace requires single sign-on; nothing was changed.",
                action="Join by the button of your identity provider.",
            )
        if not given["password"]:
            raise Invalid("no-password", "Nothing was changed.", fields={"password": ["Choose a password."]})
        joined = services.accept_by_password(given["token"], given["name"], given["password"], address)
        return signed_in(request, user(joined), By.INVITATION)


def _by(request: Request) -> str | None:
    return str(request.user.pk) if request.user.is_authenticated else None


router = Router()
router.register("invitations", InvitationViewSet, basename="invitation")
router.register("invitation", InvitedViewSet, basename="invited")
