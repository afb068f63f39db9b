"""Inventory: services and endpoints from configuration, specifications and traffic."""
