"""Queue app: the other app whose tables are shared."""

from django.apps import AppConfig


class QueueConfig(AppConfig):
    """Job queue tables, the enqueue function and the broker."""

    name = "tenants.queue"
    label = "queue"
    tenancy = "shared"
