"""Alerts by mail through the tenant's own mail server."""
