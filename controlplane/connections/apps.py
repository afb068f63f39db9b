"""Connections app."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """Configured connectors of a tenant."""

    name = "controlplane.connections"
    label = "connections"
