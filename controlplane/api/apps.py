"""API app: the REST edge's own table."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Remembers idempotency keys."""

    name = "controlplane.api"
    label = "api"
