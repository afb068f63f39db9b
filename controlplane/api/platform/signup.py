"""The base domain: make a workspace, find one's workspace."""

from typing import Any
from urllib.parse import quote

from django.http.request import split_domain_port
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.permissions import Open
from controlplane.api.views import ApiView
from tenants.client_address import client_address
from tenants.orgs.queries import by_slug, url_of
from tenants.orgs.services import sign_up, slug_problem
from tenants.orgs.types import OrgInfo, Status


class SignUpSerializer(serializers.Serializer[Any]):
    """An organisation and its first owner."""

    organisation = serializers.CharField(max_length=120)
    slug = serializers.CharField(max_length=40)
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)


class WorkspaceSerializer(serializers.Serializer[Any]):
    """A workspace's short and full name."""

    slug = serializers.CharField()
    name = serializers.CharField()


class SignUpAnswerSerializer(serializers.Serializer[Any]):
    """The new workspace, its address, and the page that signs its owner in: behind `#` a token, good once for 60 s."""

    tenant = WorkspaceSerializer()
    url = serializers.URLField()
    handoff_url = serializers.URLField()


class SlugSerializer(serializers.Serializer[Any]):
    """Whether a short name can be had; `reason` says why not."""

    slug = serializers.CharField()
    available = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)


class FoundSerializer(serializers.Serializer[Any]):
    """Where a workspace is."""

    tenant = WorkspaceSerializer()
    url = serializers.URLField()


class SignUpView(ApiView):
    """Make a workspace."""

    authentication_classes: list[Any] = []
    permission_classes = [Open("sign-up comes before any account")]

    @extend_schema(operation_id="signup", request=SignUpSerializer, responses={201: SignUpAnswerSerializer})
    def post(self, request: Request) -> Response:
        """Create the workspace, its owner and a one-time sign-in address."""
        body = SignUpSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        made = sign_up(
            given["organisation"],
            given["slug"],
            given["email"],
            given["password"],
            address=client_address(request._request),
        )
        url = _address(request, made.org)
        answer = {
            "tenant": {"slug": made.org.slug, "name": made.org.name},
            "url": url,
            "handoff_url": f"{url}/welcome#{quote(made.handoff)}",
        }
        return Response(answer, status=status.HTTP_201_CREATED)


class SlugView(ApiView):
    """Ask whether a short name can be had."""

    authentication_classes: list[Any] = []
    permission_classes = [Open("part of sign-up")]

    @extend_schema(
        operation_id="signup_slug",
        parameters=[OpenApiParameter("slug", str, required=True)],
        responses=SlugSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return whether the name is free and fit."""
        slug = request.query_params.get("slug", "")
        reason = slug_problem(slug)
        return Response({"slug": slug, "available": not reason, "reason": reason})


class WorkspaceView(ApiView):
    """Find a workspace by its short name."""

    authentication_classes: list[Any] = []
    permission_classes = [Open("says only that a workspace exists and where")]

    @extend_schema(operation_id="workspace_find", responses=FoundSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Return the address of a workspace; 404 when there is none."""
        org = by_slug(slug, Status.ACTIVE)
        answer = {"tenant": {"slug": org.slug, "name": org.name}, "url": _address(request, org)}
        return Response(answer)


def _address(request: Request, org: OrgInfo) -> str:
    """Return the workspace's address with the scheme and port this request came by."""
    return url_of(org, request.scheme or "http", split_domain_port(request.get_host())[1])
