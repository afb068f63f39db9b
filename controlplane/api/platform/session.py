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
from tenants.accounts.services import spend_handoff, verify_password
from tenants.errors import DomainError
from tenants.isolation.context import require_tenant
from tenants.members.permissions import permissions_of
from tenants.members.queries import role_of_user

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


class SessionTenantSerializer(serializers.Serializer[Any]):
    """The workspace of this host name."""

    slug = serializers.CharField()
    name = serializers.CharField()


class SessionSerializer(serializers.Serializer[Any]):
    """Who is signed in where; `user` is null and `permissions` empty before sign-in."""

    user = SessionUserSerializer(allow_null=True)
    role = serializers.CharField(allow_null=True)
    permissions = serializers.ListField(child=serializers.CharField())
    tenant = SessionTenantSerializer()
    csrf_token = serializers.CharField()


class SessionView(ApiView):
    """The session of this browser."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [Open("answers who is signed in; signing in needs no session")]

    @extend_schema(operation_id="session_read", responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        """Return who is signed in, what they may do, and the CSRF token for writes."""
        return Response(_describe(request))

    @extend_schema(operation_id="session_create", request=SignInSerializer, responses={201: SessionSerializer})
    def post(self, request: Request) -> Response:
        """Sign in with email and password; sets the session cookie of this host."""
        body = SignInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        address = str(request.META.get("REMOTE_ADDR", ""))
        user = verify_password(body.validated_data["email"], body.validated_data["password"], address)
        login(request._request, user, backend=BACKEND)
        request.user = user
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
        user = spend_handoff(request.GET.get("token", ""))
    except DomainError as error:
        return respond(error.status, error.code, error.title, error.detail, request)
    login(request, user, backend=BACKEND)
    return HttpResponseRedirect("/")


def _describe(request: Request) -> dict[str, Any]:
    user = request.user if request.user.is_authenticated else None
    role = role_of_user(str(user.pk)) if user is not None else None
    tenant = require_tenant()
    return {
        "user": {"id": user.pk, "email": user.email, "name": getattr(user, "name", "")} if user else None,
        "role": role,
        "permissions": sorted(permissions_of(role)) if role else [],
        "tenant": {"slug": tenant.slug, "name": tenant.name},
        "csrf_token": get_token(request._request),
    }


urlpatterns = [path("session", SessionView.as_view(), name="session")]
