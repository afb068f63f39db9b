"""One's own account: password, e-mail address, sessions; and the links that come by mail."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import Open, Person
from controlplane.api.routing import Router
from controlplane.api.views import ApiView, ApiViewSet
from tenants.accounts import queries, services
from tenants.client_address import client_address

LINK = 100  # characters; what we mail is 43 long


class ChangePasswordSerializer(serializers.Serializer[Any]):
    """The password so far and the new one."""

    current_password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)
    new_password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)


class AddressSerializer(serializers.Serializer[Any]):
    """An e-mail address."""

    email = serializers.EmailField(max_length=254)


class ResetSerializer(serializers.Serializer[Any]):
    """What stood behind `#` in the mailed link, and the new password."""

    token = serializers.CharField(max_length=LINK)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)


class MailedTokenSerializer(serializers.Serializer[Any]):
    """What stood behind `#` in the mailed link."""

    token = serializers.CharField(max_length=LINK)


class OwnSessionSerializer(serializers.Serializer[Any]):
    """One browser that is signed in; `current` is the one that asks."""

    id = serializers.CharField()
    by = serializers.CharField()
    address = serializers.CharField()
    agent = serializers.CharField()
    started_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    current = serializers.BooleanField()


class EndedSerializer(serializers.Serializer[Any]):
    """How many sessions were ended."""

    ended = serializers.IntegerField()


class PasswordView(ApiView):
    """One's own password."""

    permission_classes = [Person]

    @extend_schema(
        operation_id="account_password_change", request=ChangePasswordSerializer, responses={204: None}
    )
    def post(self, request: Request) -> Response:
        """Change it with the current one; every other session of yours ends."""
        body = ChangePasswordSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given, here = body.validated_data, request._request
        person = services.change_password(
            str(request.user.pk),
            given["current_password"],
            given["new_password"],
            keep_session=services.row_of(here),
        )
        update_session_auth_hash(here, person)
        services.prove(here)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ResetView(ApiView):
    """Ask for a new password."""

    authentication_classes: list[Any] = []
    permission_classes = [Open("who forgot the password cannot sign in")]

    @extend_schema(operation_id="account_reset_ask", request=AddressSerializer, responses={202: None})
    def post(self, request: Request) -> Response:
        """Mail a link (once, 30 minutes) if somebody here has this address; the answer is the same if not."""
        body = AddressSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.ask_reset(body.validated_data["email"], client_address(request._request))
        return Response(status=status.HTTP_202_ACCEPTED)


class ResetConfirmView(ApiView):
    """Set a new password by a mailed link."""

    authentication_classes: list[Any] = []
    permission_classes = [Open("the mailed link is the proof")]

    @extend_schema(operation_id="account_reset", request=ResetSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set it; all sessions end and nobody is signed in. 412 when the link is spent, 422 when the password is weak."""
        body = ResetSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        services.reset_password(given["token"], given["password"], client_address(request._request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class EmailView(ApiView):
    """One's own e-mail address."""

    permission_classes = [Person]
    step_up = ("post",)

    @extend_schema(
        operation_id="account_email_change", request=AddressSerializer, responses={202: AddressSerializer}
    )
    def post(self, request: Request) -> Response:
        """Mail a link to a new address; it is yours once the link was opened."""
        body = AddressSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        email = services.ask_email_change(str(request.user.pk), body.validated_data["email"])
        return Response({"email": email}, status=status.HTTP_202_ACCEPTED)


class VerificationView(ApiView):
    """Proof of one's own e-mail address."""

    permission_classes = [Person]

    @extend_schema(operation_id="account_email_verify", request=None, responses={202: None})
    def post(self, request: Request) -> Response:
        """Mail the link once more; 409 when the address is proved already."""
        services.ask_verification(str(request.user.pk))
        return Response(status=status.HTTP_202_ACCEPTED)


class EmailConfirmView(ApiView):
    """Open a link mailed to an address."""

    authentication_classes: list[Any] = []
    permission_classes = [Open("the mailed link is the proof, whichever browser opens it")]

    @extend_schema(
        operation_id="account_email_confirm",
        request=MailedTokenSerializer,
        responses={200: AddressSerializer},
    )
    def post(self, request: Request) -> Response:
        """Prove one's address, or take the new one; 412 when the link is spent."""
        body = MailedTokenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        email = services.open_email_link(body.validated_data["token"], client_address(request._request))
        return Response({"email": email})


class OwnSessionViewSet(ApiViewSet):
    """One's own sessions."""

    permission_classes = [Person]
    serializer_class = OwnSessionSerializer

    @extend_schema(operation_id="account_sessions_list", responses=OwnSessionSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return where you are signed in, newest first."""
        rows = queries.sessions_of(str(request.user.pk), services.row_of(request._request))
        return self.page([asdict(row) for row in rows])

    @extend_schema(operation_id="account_sessions_end", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End one of your sessions at once."""
        services.end_session(str(request.user.pk), pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="account_sessions_end_others", request=None, responses={200: EndedSerializer})
    @action(detail=False, methods=["post"], url_path="end-others")
    def end_others(self, request: Request) -> Response:
        """End all of your sessions but this one."""
        here = services.row_of(request._request)
        return Response({"ended": services.end_other_sessions(str(request.user.pk), here)})


router = Router()
router.register("account/sessions", OwnSessionViewSet, basename="account-session")
urlpatterns = [
    path("account/password", PasswordView.as_view(), name="account-password"),
    path("account/password/reset", ResetView.as_view(), name="account-reset"),
    path("account/password/reset/confirm", ResetConfirmView.as_view(), name="account-reset-confirm"),
    path("account/email", EmailView.as_view(), name="account-email"),
    path("account/email/verification", VerificationView.as_view(), name="account-verification"),
    path("account/email/confirm", EmailConfirmView.as_view(), name="account-email-confirm"),
]
