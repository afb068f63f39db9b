"""Orgs app: one of the two apps whose tables are shared."""

from django.apps import AppConfig


class OrgsConfig(AppConfig):
    """Tenants and their host names."""

    name = "tenants.orgs"
    label = "orgs"
    tenancy = "shared"

    def ready(self) -> None:
        """Register the start-up checks of the two locks."""
        from tenants.isolation import checks  # noqa: F401
