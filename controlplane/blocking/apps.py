"""Blocking app."""

from django.apps import AppConfig


class BlockingConfig(AppConfig):
    """The dangerous button and everything that makes it safe."""

    name = "controlplane.blocking"
    label = "blocking"
