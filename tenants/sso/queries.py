"""Reads of single sign-on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from tenants.errors import NotFound
from tenants.sso.models import Domain, Identity, Provider
from tenants.sso.saml import metadata
from tenants.sso.services.providers import full_settings
from tenants.sso.types import Protocol, ProviderView


@dataclass(frozen=True, slots=True)
class Link:
    """Who a provider's subject is here."""

    id: str
    provider: str
    user: str
    email: str
    subject: str
    last_sign_in_at: datetime | None


def providers() -> list[ProviderView]:
    """Return the tenant's providers, oldest first."""
    rows = Provider.objects.order_by("id")
    counts = dict(
        Identity.objects.values("provider_id")
        .annotate(people=Count("id"))
        .values_list("provider_id", "people")
    )
    return [_view(row, counts.get(row.id, 0)) for row in rows]


def provider(provider_id: str) -> ProviderView:
    """Return one provider; raises NotFound."""
    row = Provider.objects.filter(id=provider_id).first() if "\0" not in provider_id else None
    if row is None:
        raise NotFound("no-such-provider", "There is no identity provider with this id.")
    return _view(row, Identity.objects.filter(provider=row).count())


def offered() -> list[tuple[str, str]]:
    """Return (id, name) of the providers that are switched on, for the sign-in page."""
    return list(Provider.objects.filter(enabled=True).order_by("id").values_list("id", "name"))


def our_metadata(provider_id: str, entity_id: str, callback: str) -> str:
    """Return our SAML metadata for one provider; raises NotFound, also for a provider of another protocol."""
    if provider(provider_id).protocol != Protocol.SAML:
        raise NotFound("no-metadata", "This provider does not use SAML.")
    return metadata.ours(entity_id, callback)


def domains() -> "QuerySet[Domain]":
    """Return the tenant's domains."""
    return Domain.objects.all()


def domain(domain_id: str) -> Domain:
    """Return one domain; raises NotFound."""
    row = Domain.objects.filter(id=domain_id).first()
    if row is None:
        raise NotFound("no-such-domain", "There is no domain with this id.")
    return row


def links() -> list[Link]:
    """Return which subjects are tied to which members, newest first."""
    rows = Identity.objects.select_related("user").order_by("-id")
    return [
        Link(row.id, row.provider_id, row.user_id, row.user.email, row.subject, row.last_sign_in_at)
        for row in rows
    ]


def _view(row: Provider, people: int) -> ProviderView:
    return ProviderView(
        id=row.id,
        protocol=row.protocol,
        name=row.name,
        creates_members=row.creates_members,
        settings=full_settings(row),
        secret_set=bool(row.client_secret),
        discovered=_shown(row),
        discovered_at=row.discovered_at,
        enabled=row.enabled,
        tested=row.tested,
        problem=row.problem,
        people=people,
        created_at=row.created_at,
    )


def _shown(row: Provider) -> dict[str, Any]:
    """What the administrator compares with the provider's own pages."""
    found = row.discovered
    if row.protocol == Protocol.OIDC:
        keys = [f"{key.get('kid', 'no id')} ({key.get('alg') or key['kty']})" for key in found["keys"]]
        return {
            "issuer": found["metadata"]["issuer"],
            "algorithms": found["metadata"]["algorithms"],
            "keys": keys,
        }
    return {
        "entity_id": found["entity_id"],
        "sign_in_url": found["sign_in_url"],
        "certificates": len(found["certificates"]),
        "expires_at": found["expires_at"],
    }
