"""Findings app."""

from django.apps import AppConfig


class FindingsConfig(AppConfig):
    """One life cycle for every result of a check."""

    name = "controlplane.findings"
    label = "findings"
