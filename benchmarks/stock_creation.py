"""Seconds to make one tenant schema with stock django-tenants: by migrating, and by its ``clone_schema``.

Run by ``benchmarks.tenants`` in a process of its own, with ``benchmarks.stock_settings``.
"""

import time

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from tenants.orgs.models import Tenant  # noqa: E402
from tenants.orgs.types import TEMPLATE_SCHEMA, Status  # noqa: E402


def seconds(number: int) -> float:
    """Make one tenant and its schema."""
    tenant = Tenant(schema_name=f"t_stock{number}", slug=f"stock{number}", name="Stock", status=Status.ACTIVE)
    tenant.save()
    with connection.cursor() as cursor:  # one of our migrations names the tenant's role
        cursor.execute(f"CREATE ROLE {tenant.schema_name}")
    began = time.perf_counter()
    tenant.create_schema(check_if_exists=True, verbosity=0)
    taken = time.perf_counter() - began
    tenant.delete(force_drop=True)
    return taken


migrated = [seconds(number) for number in range(2)]
settings.TENANT_BASE_SCHEMA = TEMPLATE_SCHEMA
seconds(10)  # installs its functions
cloned = [seconds(number) for number in range(11, 14)]
print(*migrated, sep=" ")
print(*cloned, sep=" ")
