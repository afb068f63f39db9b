"""The platform's own record of what was done to tenants; it stays when a tenant is gone."""

from typing import Any

from django.utils import timezone

from tenants.isolation.routers import OWNER
from tenants.orgs.models import PlatformEntry


def note(action: str, org: str, schema: str, **details: str | int | list[str]) -> None:
    """Append one entry. Ids, counts and times only: the entry must say nothing a deleted tenant knew."""
    entries: Any = PlatformEntry.objects.using(OWNER)
    entries.create(at=timezone.now(), action=action, org=org, schema_name=schema, details=details)
