"""Traffic app."""

from django.apps import AppConfig


class TrafficConfig(AppConfig):
    """The door, the event store and the engine."""

    name = "controlplane.traffic"
    label = "traffic"
