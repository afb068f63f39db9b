"""What we change in django-allauth: accounts are made by us alone, secrets are sealed, step-up is ours."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from tenants.accounts.services.factors import must_show_factor, owner_of_secrets
from tenants.accounts.services.stepping_up import proved_until
from tenants.client_address import client_address
from tenants.isolation.context import require_tenant
from tenants.vault.fields import Place, declare
from tenants.vault.services import seal, unseal

PLACE = declare(Place("mfa_authenticator", "data", column="data", key="id", row="user_id", kind="jsonb"))


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by sign-up of an organisation or by invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse self-service accounts."""
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: object) -> bool:
        """Ask again under the same rule as the rest of the product; a fresh sign-in counts."""
        return proved_until(self.request) is None or must_show_factor(self.request)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address as the rest of the product reads it."""
        return client_address(request)


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors of one tenant."""

    def encrypt(self, text: str) -> str:
        """Seal a secret for the person it is made for; the library does not tell us the row."""
        return seal(text, **_place())

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret of the person who is signing in or signed in; moved to somebody else's row it stays shut."""
        return unseal(encrypted_text, **_place())

    def get_totp_issuer(self) -> str:
        """Name the workspace in the person's app."""
        tenant = require_tenant()
        return f"Portcullis {tenant.name or tenant.slug}"

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, object]:
        """Describe the person to their authenticator."""
        entity: dict[str, object] = super().get_public_key_credential_user_entity(user)
        return entity | {"display_name": getattr(user, "name", "") or str(user)}


def _place() -> dict[str, str]:
    return {"table": PLACE.table, "field": PLACE.field, "row": owner_of_secrets()}
