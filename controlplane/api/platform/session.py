"""Sign in, sign out, who am I."""

from typing import Any

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.errors import respond
from controlplane.api.permissions import Open
from controlplane.api.views import ApiView
from tenants.accounts.queries import user
from tenants.accounts.services import spend_handoff, update_user, verify_password
from tenants.errors import DomainError, Unauthenticated
from tenants.members.permissions import permissions_of
from tenants.members.queries import role_of_user
from tenants.orgs.types import OrgInfo

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class SignInSerializer(serializers.Serializer[Any]):
    """Email address and password."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)


class SessionUserSerializer(serializers.Serializer[Any]):
    """The person signed in."""

    id = serializers.CharField()
    email = serializers.EmailField()
    name = serializers.CharField()
    theme = serializers.ChoiceField(["system", "light", "dark"])


class SessionTenantSerializer(serializers.Serializer[Any]):
    """The workspace of this host name."""

    id = serializers.CharField()
    slug = serializers.CharField()
    name = serializers.CharField()
    status = serializers.CharField()


class PreferencesSerializer(serializers.Serializer[Any]):
    """What a person may change about themselves."""

    name = serializers.CharField(max_length=120, allow_blank=True, required=False)
    theme = serializers.ChoiceField(["system", "light", "dark"], required=False)


class SessionSerializer(serializers.Serializer[Any]):
    """Who is signed in where."""

    user = SessionUserSerializer()
    role = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    tenant = SessionTenantSerializer()
    csrf_token = serializers.CharField()


class SessionView(ApiView):
    """The session of this browser."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [Open("answers who is signed in; signing in needs no session")]

    @extend_schema(operation_id="session_read", responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        """Return who is signed in, what they may do, and the CSRF token for writes; 401 when nobody is."""
        return Response(_describe(request))

    @extend_schema(operation_id="session_update", request=PreferencesSerializer, responses=SessionSerializer)
    def patch(self, request: Request) -> Response:
        """Change one's own name and theme."""
        described = _describe(request)
        body = PreferencesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        update_user(described["user"]["id"], **body.validated_data)
        changed = user(described["user"]["id"])
        if changed is not None:
            request.user = changed
        return Response(_describe(request))

    @extend_schema(
        operation_id="session_create", request=SignInSerializer, responses={201: SessionSerializer}
    )
    def post(self, request: Request) -> Response:
        """Sign in with email and password; sets the session cookie of this host."""
        body = SignInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        address = str(request.META.get("REMOTE_ADDR", ""))
        person = verify_password(body.validated_data["email"], body.validated_data["password"], address)
        login(request._request, person, backend=BACKEND)
        request.user = person
        return Response(_describe(request), status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="session_delete", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out; the session ends on the server."""
        logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


def handoff(request: HttpRequest) -> HttpResponse:
    """Turn a one-time sign-in token (`?token=`) into a session and go to the start page."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    try:
        person = spend_handoff(request.GET.get("token", ""))
    except DomainError as error:
        return respond(error.status, error.code, error.title, error.detail, request)
    login(request, person, backend=BACKEND)
    return HttpResponseRedirect("/")


def _describe(request: Request) -> dict[str, Any]:
    """Return the session's body; raises Unauthenticated when nobody (or nobody with a role) is signed in."""
    role = role_of_user(str(request.user.pk)) if request.user.is_authenticated else None
    if role is None:
        raise Unauthenticated("not-signed-in", "Sign in with your email address and password.")
    person: Any = request.user
    org: OrgInfo = request._request.org  # type: ignore[attr-defined]
    return {
        "user": {"id": person.pk, "email": person.email, "name": person.name, "theme": person.theme},
        "role": role,
        "permissions": sorted(permissions_of(role)),
        "tenant": {"id": org.id, "slug": org.slug, "name": org.name, "status": org.status.value},
        "csrf_token": get_token(request._request),
    }


urlpatterns = [path("session", SessionView.as_view(), name="session")]
