"""Archives app."""

from django.apps import AppConfig


class ArchivesConfig(AppConfig):
    """A tenant's data as one file."""

    name = "tenants.archives"
    label = "archives"
