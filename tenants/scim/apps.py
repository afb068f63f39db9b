"""SCIM app."""

from django.apps import AppConfig


class ScimConfig(AppConfig):
    """Provisioning of a tenant's members."""

    name = "tenants.scim"
    label = "scim"
