"""A provider, a domain and a link of each tenant, and its provisioning."""

from django.utils import timezone

from tenants.members.queries import members
from tenants.sso.models import Domain, Identity, Provider
from tenants.sso.oidc.exchange import SCOPES
from tenants.sso.types import Protocol

METADATA = {
    "issuer": "https://idp.example.com",
    "authorization_endpoint": "https://idp.example.com/authorize",
    "token_endpoint": "https://idp.example.com/token",
    "userinfo_endpoint": "",
    "jwks_uri": "https://idp.example.com/keys",
    "algorithms": ["RS256"],
    "basic": True,
    "sends_iss": True,
}


def build() -> dict[str, str]:
    """Create them in the entered tenant; nothing is fetched."""
    provider = Provider.objects.create(
        protocol=Protocol.OIDC,
        name="CANARY",
        settings={
            "issuer": METADATA["issuer"],
            "client_id": "CANARY",
            "scopes": SCOPES,
            "groups_claim": "groups",
        },
        discovered={"metadata": METADATA, "keys": []},
        discovered_at=timezone.now(),
    )
    domain = Domain.objects.create(name="canary.example.com", challenge="CANARY")
    link = Identity.objects.create(provider=provider, subject="CANARY", user_id=members()[0].user)
    return {
        "sso-provider": provider.id,
        "provider_id": provider.id,
        "sso-domain": domain.id,
        "sso-link": link.id,
    }
