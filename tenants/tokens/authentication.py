"""DRF authentication by `Authorization: Bearer pcl_…`."""

from django.contrib.auth.models import AnonymousUser
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from tenants.client_address import client_address
from tenants.isolation.context import current_tenant
from tenants.tokens.services import authenticate
from tenants.tokens.types import TokenAuth


class TokenAuthentication(authentication.BaseAuthentication):
    """A token is good in its own tenant only: the lookup runs in the schema of the host name."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, TokenAuth] | None:
        """Return nobody and the token; None without a Bearer header; 401 for a bad one."""
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or current_tenant() is None:
            return None
        token = authenticate(
            text.strip(), client_address(request._request), request.headers.get("User-Agent", "")
        )
        if token is None:
            raise exceptions.AuthenticationFailed("The API token is wrong, expired or revoked.")
        return AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        """Make missing authentication a 401."""
        return "Bearer"
