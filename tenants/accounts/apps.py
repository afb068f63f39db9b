"""Accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, sign-up, sign-in."""

    name = "tenants.accounts"
    label = "accounts"
