"""Vault app."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Data keys of a tenant."""

    name = "tenants.vault"
    label = "vault"

    def ready(self) -> None:
        """Register the start-up check of the root key."""
        from tenants.vault import checks  # noqa: F401
