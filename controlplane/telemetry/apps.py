"""Telemetry app: no tables; the `serve` command."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    """Logs, health and the web server."""

    name = "controlplane.telemetry"
    label = "telemetry"
