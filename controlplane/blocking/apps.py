"""Blocking app."""

from django.apps import AppConfig


class BlockingConfig(AppConfig):
    """The dangerous button and everything that makes it safe."""

    name = "controlplane.blocking"
    label = "blocking"

    def ready(self) -> None:
        """Let detection show the blocks that were made for its threats."""
        from controlplane.blocking.queries import blocks_of_threats
        from controlplane.detection.queries import register_blocks_reader

        register_blocks_reader(blocks_of_threats)
