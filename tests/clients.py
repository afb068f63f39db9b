"""HTTP clients of the tests: a person or a token on a tenant's own host name."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from tenants.accounts.queries import find_user
from tenants.isolation.context import no_tenant, tenant_context
from tenants.members.permissions import ALL
from tenants.orgs.types import OrgInfo
from tenants.tokens.services import create_token

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class TenantClient(APIClient):
    """Sends requests as a browser would: from outside any tenant, to `<slug>.localhost`."""

    def __init__(self, slug: str = "", **options: Any) -> None:
        super().__init__(HTTP_HOST=f"{slug}.localhost" if slug else "localhost", **options)

    def request(self, **kwargs: Any) -> Any:
        """Send one request."""
        with no_tenant():
            return super().request(**kwargs)


def anonymous(org: OrgInfo | None) -> TenantClient:
    """Return a client nobody is signed in with; without a tenant it talks to the base domain."""
    return TenantClient(org.slug if org else "")


def member(org: OrgInfo, role: str) -> TenantClient:
    """Return a client signed in as the member with this role (`<role>@<slug>.test`)."""
    client = TenantClient(org.slug)
    with no_tenant(), tenant_context(org.schema_name):
        user = find_user(f"{role}@{org.slug}.test")
        assert user is not None
        client.force_login(user, backend=BACKEND)
    return client


def machine(org: OrgInfo, scopes: list[str]) -> TenantClient:
    """Return a client with an API token of these scopes."""
    client = TenantClient(org.slug)
    client.credentials(HTTP_AUTHORIZATION=bearer(org, scopes))
    return client


def bearer(org: OrgInfo, scopes: list[str]) -> str:
    """Make a token with these scopes and return its Authorization header."""
    expiry = timezone.now() + timedelta(days=1)
    with no_tenant(), tenant_context(org.schema_name):
        return f"Bearer {create_token('test', scopes, expiry, created_by=None, holder=ALL).secret}"
