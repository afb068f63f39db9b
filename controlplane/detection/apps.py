"""Detection app."""

from django.apps import AppConfig


class DetectionConfig(AppConfig):
    """Detectors, actors and threats."""

    name = "controlplane.detection"
    label = "detection"
