"""Django's cache interface over a table of the entered tenant: one answer for all processes, never another tenant's.

allauth remembers here which codes of an authenticator app were used; with a cache per process each process would take the
same code once more.
"""

import json
from datetime import timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection
from django.utils import timezone

from tenants.accounts.models import CacheEntry

_ADD = """
    INSERT INTO accounts_cacheentry AS held (key, value, expires_at) VALUES (%s, %s::jsonb, %s)
    ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at
     WHERE held.expires_at <= %s
"""


class TenantCache(BaseCache):
    """JSON values only. Outside a tenant there is no table, so nothing can be kept by mistake."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(
        self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Keep a value unless there is one; exactly one of several who do so at once is told True."""
        values = [self.make_and_validate_key(key, version), json.dumps(value), self._end(timeout)]
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [*values, timezone.now()])
            return bool(cursor.rowcount)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the value while it is fresh."""
        found = self._fresh(key, version).values_list("value", flat=True).first()
        return default if found is None else found

    def set(
        self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Keep a value in place of any other."""
        CacheEntry.objects.update_or_create(
            key=self.make_and_validate_key(key, version),
            defaults={"value": value, "expires_at": self._end(timeout)},
        )

    def touch(self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a fresh value for longer."""
        return bool(self._fresh(key, version).update(expires_at=self._end(timeout)))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Drop a value."""
        rows = CacheEntry.objects.filter(key=self.make_and_validate_key(key, version))
        return bool(rows.delete()[0])

    def clear(self) -> None:
        """Drop every value of the tenant."""
        CacheEntry.objects.all().delete()

    def _fresh(self, key: str, version: int | None) -> Any:
        return CacheEntry.objects.filter(
            key=self.make_and_validate_key(key, version), expires_at__gt=timezone.now()
        )

    def _end(self, timeout: Any) -> Any:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return timezone.now() + timedelta(seconds=365 * 86400 if seconds is None else seconds)
