"""Limits count in PostgreSQL: exact among many processes, refilling, and gone when they are full again."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.accounts.jobs import sweep_accounts
from tenants.accounts.models import Tries
from tenants.accounts.services import limits
from tenants.errors import TooMany
from tenants.isolation.context import tenant_context
from tenants.limits import Limit, take
from tenants.orgs.types import OrgInfo
from tests.database import TestDatabases

LIMIT = Limit("test", 5, 60)
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def at(seconds: float, key: str = "k", limit: Limit = LIMIT) -> int:
    with connection.cursor() as cursor:
        return take(cursor, "accounts_tries", key, limit, NOON + timedelta(seconds=seconds))


def test_so_many_at_once_then_one_by_one_and_the_wait_is_exact(tenant: OrgInfo) -> None:
    assert [at(0) for _ in range(5)] == [0] * 5
    assert at(0) == 12
    assert at(5) == 7
    assert at(11.9) == 1
    assert at(12) == 0
    assert at(12) == 12
    assert [at(600) for _ in range(6)] == [0, 0, 0, 0, 0, 12]
    assert at(600, "other") == 0


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 20), min_size=20, max_size=60))
def test_never_more_than_twice_the_limit_in_any_window(steps: list[float]) -> None:
    """The rule alone, without a database: `most` at once and `most` refilled in the window after."""
    due, now, allowed = 0.0, 0.0, []
    for step in steps:
        now += step
        full = max(due, now) + LIMIT.step.total_seconds()
        if full <= now + LIMIT.seconds:
            due = full
            allowed.append(now)
    for start in allowed:
        assert len([one for one in allowed if start <= one < start + LIMIT.seconds]) <= 2 * LIMIT.most


@pytest.mark.asvs("15.4.2", "2.4.1")
def test_many_processes_together_get_exactly_the_limit(committed_db: TestDatabases, acme: OrgInfo) -> None:
    passed: list[bool] = []

    def hammer() -> None:
        try:
            with tenant_context(acme.schema_name):
                for _ in range(10):
                    try:
                        limits.allow(limits.FACTOR, "somebody", "No.")
                        passed.append(True)
                    except TooMany:
                        passed.append(False)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=hammer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (passed.count(True), len(passed)) == (limits.FACTOR.most, 80)


def test_one_limit_of_a_subject_is_not_another_one(tenant: OrgInfo) -> None:
    for _ in range(limits.FACTOR.most):
        limits.allow(limits.FACTOR, "same", "No.")
    limits.allow(limits.STEP_UP, "same", "No.")
    limits.allow(limits.FACTOR, "same as before", "No.")
    with pytest.raises(TooMany):
        limits.allow(limits.FACTOR, "same", "No.")


def test_one_tenants_limit_is_not_anothers(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        for _ in range(limits.FACTOR.most):
            limits.allow(limits.FACTOR, "same", "No.")
        with pytest.raises(TooMany):
            limits.allow(limits.FACTOR, "same", "No.")
    with tenant_context(globex.schema_name):
        limits.allow(limits.FACTOR, "same", "No.")


def test_a_try_given_back_or_forgotten_can_be_made_again_and_full_counters_are_removed(
    tenant: OrgInfo,
) -> None:
    for _ in range(limits.FACTOR.most):
        limits.allow(limits.FACTOR, "a", "No.")
    limits.give_back(limits.FACTOR, "a")
    limits.allow(limits.FACTOR, "a", "No.")
    with pytest.raises(TooMany):
        limits.allow(limits.FACTOR, "a", "No.")
    limits.forget(limits.FACTOR, "a")
    limits.allow(limits.FACTOR, "a", "No.")
    Tries.objects.update(due=timezone.now() - timedelta(seconds=1))
    sweep_accounts()
    assert not Tries.objects.exists()
