"""Imports app."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """Files a user drops in."""

    name = "controlplane.imports"
    label = "imports"
