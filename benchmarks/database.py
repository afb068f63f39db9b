"""A tenant for measurements: a PostgreSQL of its own in a temporary folder, crash-safe settings, one workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.tenants import server


@contextmanager
def one_tenant() -> Iterator[str]:
    """Be inside a fresh tenant; yields its schema's name. Everything is removed afterwards."""
    with server():
        import os

        import django

        os.environ["DJANGO_SETTINGS_MODULE"] = "controlplane.config.settings"
        django.setup()
        from django.db import connections

        from tenants.isolation.context import tenant_context
        from tenants.orgs.provisioning import migrate_platform
        from tenants.orgs.services import create_tenant

        migrate_platform()
        org = create_tenant("Measured", "measured", "owner@measured.example", None)
        with tenant_context(org.schema_name):
            yield org.schema_name
        connections.close_all()
