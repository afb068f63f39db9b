"""Vault app."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Data keys of a tenant."""

    name = "tenants.vault"
    label = "vault"
