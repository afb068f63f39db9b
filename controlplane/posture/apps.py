"""Posture app."""

from django.apps import AppConfig


class PostureConfig(AppConfig):
    """Checks over configuration and traffic facts, and the risk score; no tables of its own."""

    name = "controlplane.posture"
    label = "posture"
