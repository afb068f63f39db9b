"""Runners app."""

from django.apps import AppConfig


class RunnersConfig(AppConfig):
    """Programs at the customer that relay our requests."""

    name = "controlplane.runners"
    label = "runners"
