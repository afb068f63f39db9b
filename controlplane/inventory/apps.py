"""Inventory app."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """Services, endpoints and what is known of them."""

    name = "controlplane.inventory"
    label = "inventory"
