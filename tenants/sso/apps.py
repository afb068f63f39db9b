"""SSO app."""

from django.apps import AppConfig


class SsoConfig(AppConfig):
    """Identity providers of a tenant."""

    name = "tenants.sso"
    label = "sso"
