"""Sign in, sign out, who am I, and show once more that it is me."""

from typing import Any

from allauth.account.utils import perform_login
from django.contrib.auth import logout
from django.middleware.csrf import get_token
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.errors import CONTENT_TYPE, problem
from controlplane.api.permissions import Open, Person, needs_factor
from controlplane.api.views import ApiView
from tenants.accounts import services
from tenants.accounts.queries import user
from tenants.accounts.sessions import ENTRY
from tenants.accounts.types import By, Outcome
from tenants.client_address import client_address
from tenants.errors import Refused, Unauthenticated
from tenants.members.permissions import permissions_of
from tenants.members.queries import role_of_user
from tenants.orgs.types import OrgInfo
from tenants.sso.middleware import MARK


class SignInSerializer(serializers.Serializer[Any]):
    """Email address and password."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)


class SessionUserSerializer(serializers.Serializer[Any]):
    """The person signed in."""

    id = serializers.CharField()
    email = serializers.EmailField()
    email_verified = serializers.BooleanField()
    name = serializers.CharField()
    theme = serializers.ChoiceField(["system", "light", "dark"])


class SessionTenantSerializer(serializers.Serializer[Any]):
    """The workspace of this host name."""

    id = serializers.CharField()
    slug = serializers.CharField()
    name = serializers.CharField()
    status = serializers.CharField()


class StepUpSerializer(serializers.Serializer[Any]):
    """Until when dangerous acts need nothing more (null: show it now), and what this person can show."""

    until = serializers.DateTimeField(allow_null=True)
    ways = serializers.ListField(
        child=serializers.ChoiceField(["password", "totp", "webauthn", "recovery_codes"])
    )


class PreferencesSerializer(serializers.Serializer[Any]):
    """What a person may change about themselves."""

    name = serializers.CharField(max_length=120, allow_blank=True, required=False)
    theme = serializers.ChoiceField(["system", "light", "dark"], required=False)


class SessionSerializer(serializers.Serializer[Any]):
    """Who is signed in where, by what, and by which identity provider if by one.

    `needs` is `second-factor` while nothing else can be done; `permissions` is empty then.
    """

    user = SessionUserSerializer()
    role = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    needs = serializers.ChoiceField(["second-factor"], allow_null=True)
    by = serializers.CharField()
    provider = serializers.CharField(allow_null=True)
    step_up = StepUpSerializer()
    tenant = SessionTenantSerializer()
    csrf_token = serializers.CharField()


class PasswordSerializer(serializers.Serializer[Any]):
    """One's own password."""

    password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)


class HandoffSerializer(serializers.Serializer[Any]):
    """What a sign-up hands over to the workspace's own host."""

    token = serializers.CharField(max_length=2000, write_only=True)


class SessionView(ApiView):
    """The session of this browser."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [Open("answers who is signed in; signing in needs no session")]

    @extend_schema(operation_id="session_read", responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        """Return who is signed in, what they may do, and the CSRF token for writes.

        401 when nobody is, with the CSRF token; `second-factor-needed` with `factors` after the password was right.
        """
        try:
            return Response(described(request))
        except Unauthenticated as error:
            waiting = services.half_signed_in(request._request)
            if waiting is not None:
                return _factor_needed(request, waiting)
            token = get_token(request._request)
            body = problem(401, error.code, error.title, error.detail, request, csrf_token=token)
            return Response(body, status=401, content_type=CONTENT_TYPE)

    @extend_schema(operation_id="session_update", request=PreferencesSerializer, responses=SessionSerializer)
    def patch(self, request: Request) -> Response:
        """Change one's own name and theme."""
        known = described(request)
        body = PreferencesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.change_profile(known["user"]["id"], **body.validated_data)
        changed = user(known["user"]["id"])
        if changed is not None:
            request.user = changed
        return Response(described(request))

    @extend_schema(
        operation_id="session_create", request=SignInSerializer, responses={201: SessionSerializer}
    )
    def post(self, request: Request) -> Response:
        """Sign in with email and password; sets the session cookie of this host.

        401 `second-factor-needed` with `factors` when the password was right and a code or passkey is needed as well.
        """
        body = SignInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        email = body.validated_data["email"]
        django_request = request._request
        try:
            person = services.verify_password(
                email, body.validated_data["password"], client_address(django_request)
            )
        except Refused:
            services.note_try(
                django_request, email=email, user_id=None, by=By.PASSWORD, outcome=Outcome.WRONG_PASSWORD
            )
            raise
        return signed_in(request, person, By.PASSWORD)

    @extend_schema(operation_id="session_delete", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out; the session ends on the server."""
        logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class HandoffView(ApiView):
    """The first session of who has just signed up on the base domain."""

    authentication_classes: list[Any] = []
    permission_classes = [Open("the token of a sign-up opens a session, once")]

    @extend_schema(
        operation_id="session_handoff", request=HandoffSerializer, responses={201: SessionSerializer}
    )
    def post(self, request: Request) -> Response:
        """Turn the token behind `#` of a sign-up's `handoff_url` into a session: once, for a minute, in its workspace."""
        body = HandoffSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        person = services.spend_handoff(body.validated_data["token"])
        services.open_session(request._request, person, By.SIGN_UP)
        request.user = person
        return Response(described(request), status=status.HTTP_201_CREATED)


class StepUpView(ApiView):
    """Show once more who sits there."""

    permission_classes = [Person]

    @extend_schema(
        operation_id="session_step_up", request=PasswordSerializer, responses={200: SessionSerializer}
    )
    def post(self, request: Request) -> Response:
        """Give one's password; acts that need it can be done for the next ten minutes."""
        body = PasswordSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        person: Any = request.user
        services.by_password(request._request, person, body.validated_data["password"])
        return Response(described(request))


def signed_in(request: Request, person: Any, by: By) -> Response:
    """Open a session, or ask for the second factor of somebody who has one: a password alone never opens those."""
    django_request = request._request
    if services.has_factor(person.id):
        services.shown_so_far(django_request, By.PASSWORD_AND_FACTOR)
        perform_login(django_request, person, email=person.email)
        services.note_try(
            django_request, email=person.email, user_id=person.id, by=by, outcome=Outcome.FACTOR_ASKED
        )
        return _factor_needed(request, person)
    services.open_session(django_request, person, by)
    request.user = person
    return Response(described(request), status=status.HTTP_201_CREATED)


def described(request: Request) -> dict[str, Any]:
    """Return the session's body; raises Unauthenticated when nobody (or nobody with a role) is signed in."""
    role = role_of_user(str(request.user.pk)) if request.user.is_authenticated else None
    if role is None:
        raise Unauthenticated("not-signed-in", "Sign in with your email address and password.")
    person: Any = request.user
    session = request._request.session
    org: OrgInfo = request._request.org  # type: ignore[attr-defined]
    shut = needs_factor(request)
    return {
        "user": {
            "id": person.pk,
            "email": person.email,
            "email_verified": person.email_verified_at is not None,
            "name": person.name,
            "theme": person.theme,
        },
        "role": role,
        "permissions": [] if shut else sorted(permissions_of(role)),
        "needs": "second-factor" if shut else None,
        "by": (session.get(ENTRY) or {}).get("by", ""),
        "provider": session.get(MARK),
        "step_up": {"until": services.proved_until(request._request), "ways": services.ways(person)},
        "tenant": {"id": org.id, "slug": org.slug, "name": org.name, "status": org.status.value},
        "csrf_token": get_token(request._request),
    }


def _factor_needed(request: Request, person: Any) -> Response:
    """Answer that half of the sign-in is done. The session remembers it for 15 minutes."""
    body = problem(
        401,
        "second-factor-needed",
        "Not signed in yet",
        "The password is right; this account has a second factor as well.",
        request,
        action="Send a code to /_allauth/browser/v1/auth/2fa/authenticate, or use a passkey.",
        factors=sorted({factor.type for factor in services.factors_of(person.id)}),
        csrf_token=get_token(request._request),
    )
    return Response(body, status=401, content_type=CONTENT_TYPE)


urlpatterns = [
    path("session", SessionView.as_view(), name="session"),
    path("session/handoff", HandoffView.as_view(), name="session-handoff"),
    path("session/step-up", StepUpView.as_view(), name="session-step-up"),
]
