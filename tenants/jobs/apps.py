"""Jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Jobs of a tenant that failed for good."""

    name = "tenants.jobs"
    label = "jobs"
