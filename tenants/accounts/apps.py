"""Accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, sign-in, sessions, second factors."""

    name = "tenants.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to sign-ins and to second factors in use; declare what is sealed."""
        from tenants.accounts import adapter, checks, services  # noqa: F401
