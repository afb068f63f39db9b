"""Faults injected into the switch itself: no statement ever reads another tenant."""

import random

import psycopg
import pytest
from django.db import DatabaseError, connection, connections

from tenants.isolation.backend.base import DatabaseWrapper
from tenants.isolation.context import tenant_context
from tenants.orgs.queries import by_slug
from tests.database import TestDatabases

FAULTS = 5_000


class Faulty:
    """Stands between the backend and the driver and spoils some switches."""

    def __init__(self, backend: DatabaseWrapper, seed: int) -> None:
        self.backend = backend
        self.real = backend._switch
        self.random = random.Random(seed)
        self.spoilt = 0

    def __call__(self, wanted: tuple[str, str, str]) -> tuple[object, ...] | None:
        """Fail before, fail after, answer wrongly, or switch as asked."""
        kind = self.random.randrange(6)
        if kind > 3:
            return self.real(wanted)
        self.spoilt += 1
        if kind == 0:
            raise psycopg.errors.QueryCanceled("cancelled before")
        if kind == 1:
            self.real(wanted)
            raise psycopg.OperationalError("lost after")
        if kind == 2:
            return None
        return (wanted[0], "none", wanted[2])


@pytest.mark.slow
def test_whatever_happens_to_the_switch_no_foreign_row_is_read(
    committed_db: TestDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    orgs = [by_slug(slug) for slug in ("acme", "globex", "initech")]
    backend: DatabaseWrapper = connections["default"]  # type: ignore[assignment]
    faulty = Faulty(backend, seed=20261124)
    monkeypatch.setattr(backend, "_switch", faulty)
    picks, read = random.Random(7), 0
    while faulty.spoilt < FAULTS:
        org = picks.choice(orgs)
        with tenant_context(org.schema_name):
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT email FROM accounts_user LIMIT 1")
                    row = cursor.fetchone()
            except DatabaseError:
                continue
        assert row is not None
        assert row[0].endswith(f"@{org.slug}.test")
        read += 1
    assert read > 1000
