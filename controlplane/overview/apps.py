"""Overview app."""

from django.apps import AppConfig


class OverviewConfig(AppConfig):
    """Reads what the other apps know; no tables of its own."""

    name = "controlplane.overview"
    label = "overview"
