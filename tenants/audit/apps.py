"""Audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only record of changes."""

    name = "tenants.audit"
    label = "audit"
