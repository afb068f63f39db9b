"""The same apps and models on django-tenants as it comes: its own backend, one role, `migrate_schemas`."""

import os

from controlplane.config import environment
from controlplane.config.settings import *  # noqa: F403

DATABASES = {
    "default": environment._from_url(os.environ["STOCK_DATABASE_URL"])
    | {"ENGINE": "django_tenants.postgresql_backend"}
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_DB_ALIAS = "default"
if os.environ.get("STOCK_NEXT"):
    MIGRATION_MODULES = {"members": "benchmarks.next_release"}
SILENCED_SYSTEM_CHECKS = ["isolation.E002"]  # stock django-tenants works as one role
