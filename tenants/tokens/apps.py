"""Tokens app."""

from django.apps import AppConfig


class TokensConfig(AppConfig):
    """API tokens of a tenant."""

    name = "tenants.tokens"
    label = "tokens"
