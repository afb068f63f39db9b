"""Alerts app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Routing and delivery of alerts."""

    name = "controlplane.alerts"
    label = "alerts"
