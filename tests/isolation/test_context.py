"""The tenant context: entered, left, never leaked."""

import contextlib
import threading

import pytest
from django.db import connection, transaction
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tenants.isolation.context import (
    TenantContextError,
    TenantRef,
    current_tenant,
    no_tenant,
    require_tenant,
    tenant_context,
)
from tenants.orgs.queries import by_slug
from tenants.orgs.types import OrgInfo
from tests.database import TestDatabases

A, B = TenantRef("t_000000000000000a", "a", "A"), TenantRef("t_000000000000000b", "b", "B")


def test_entering_another_tenant_inside_one_is_refused() -> None:
    with tenant_context(A), pytest.raises(TenantContextError, match="leave it before"), tenant_context(B):
        pass
    assert current_tenant() is None


def test_entering_the_same_tenant_again_keeps_it() -> None:
    with tenant_context(A):
        with tenant_context(A.schema_name):
            assert require_tenant().slug == "a"
        assert current_tenant() == A


def test_the_context_is_left_when_the_block_fails() -> None:
    with pytest.raises(ValueError, match="inside"), tenant_context(A):
        raise ValueError("inside")
    assert current_tenant() is None


def test_leaving_for_a_while_comes_back_to_the_same_tenant() -> None:
    with tenant_context(A):
        with no_tenant(), tenant_context(B):
            assert require_tenant() == B
        assert require_tenant() == A


def test_a_new_thread_starts_outside_any_tenant() -> None:
    seen: list[TenantRef | None] = [A]
    with tenant_context(A):
        thread = threading.Thread(target=lambda: seen.append(current_tenant()))
        thread.start()
        thread.join()
    assert seen[-1] is None


@pytest.mark.parametrize(
    "name", ["public", "t_", "t_000000000000000A", "t_0000000000000000x", 'x"; DROP SCHEMA y']
)
def test_only_names_made_by_us_can_be_entered(name: str) -> None:
    with pytest.raises(TenantContextError), tenant_context(name):
        pass


def test_without_a_tenant_what_needs_one_says_so() -> None:
    with pytest.raises(TenantContextError, match="No tenant"):
        require_tenant()


class Interleaving(RuleBasedStateMachine):
    """Random entering, leaving, failing, rolling back and threading; every read must be the right tenant's."""

    orgs: tuple[OrgInfo, ...] = ()

    def read(self) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT email FROM accounts_user")
            return {row[0].split("@")[1].split(".")[0] for row in cursor.fetchall()}

    @rule(at=st.integers(0, 2), fails=st.booleans())
    def read_in_a_tenant(self, at: int, fails: bool) -> None:
        org = self.orgs[at]
        with tenant_context(org.schema_name):
            if fails:
                with contextlib.suppress(ZeroDivisionError), transaction.atomic():
                    assert self.read() == {org.slug}
                    raise ZeroDivisionError
            assert self.read() == {org.slug}

    @rule(outer=st.integers(0, 2), inner=st.integers(0, 2), keep=st.booleans())
    def switch_inside_a_transaction(self, outer: int, inner: int, keep: bool) -> None:
        first, second = self.orgs[outer], self.orgs[inner]
        with tenant_context(first.schema_name), transaction.atomic():
            assert self.read() == {first.slug}
            with no_tenant(), tenant_context(second.schema_name):
                with transaction.atomic():
                    assert self.read() == {second.slug}
                    transaction.set_rollback(not keep)
                assert self.read() == {second.slug}
            assert self.read() == {first.slug}
            transaction.set_rollback(not keep)

    @rule(at=st.integers(0, 2))
    def break_a_statement(self, at: int) -> None:
        with tenant_context(self.orgs[at].schema_name):
            with pytest.raises(Exception, match="division by zero"), connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
            assert self.read() == {self.orgs[at].slug}

    @rule(at=st.integers(0, 2), other=st.integers(0, 2))
    def iterate_on_the_server(self, at: int, other: int) -> None:
        from django.contrib.auth import get_user_model

        with tenant_context(self.orgs[at].schema_name):
            rows = get_user_model().objects.values_list("email", flat=True).iterator(chunk_size=2)
            first = next(rows)
            with no_tenant(), tenant_context(self.orgs[other].schema_name):
                assert self.read() == {self.orgs[other].slug}
            assert {email.split("@")[1] for email in (first, *rows)} == {f"{self.orgs[at].slug}.test"}

    @rule()
    def outside_nothing_is_seen(self) -> None:
        with pytest.raises(Exception, match="does not exist"):
            self.read()

    @rule(at=st.integers(0, 2))
    def lose_the_connection(self, at: int) -> None:
        with tenant_context(self.orgs[at].schema_name):
            connection.close()
            assert self.read() == {self.orgs[at].slug}


@pytest.mark.asvs("8.4.1")
def test_no_interleaving_reads_another_tenants_rows(committed_db: TestDatabases) -> None:
    Interleaving.orgs = tuple(by_slug(slug) for slug in ("acme", "globex", "initech"))
    run_state_machine_as_test(
        Interleaving,
        settings=hypothesis_settings(max_examples=25, stateful_step_count=15, deadline=None, database=None),
    )


@pytest.mark.asvs("8.4.1", "15.4.1")
def test_threads_each_see_their_own_tenant(
    committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo
) -> None:
    wrong: list[str] = []

    def work(org: OrgInfo) -> None:
        try:
            for _ in range(40):
                with tenant_context(org.schema_name), connection.cursor() as cursor:
                    cursor.execute("SELECT email FROM accounts_user LIMIT 1")
                    row = cursor.fetchone()
                    if row is None or not row[0].endswith(f"@{org.slug}.test"):
                        wrong.append(f"{org.slug} saw {row}")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(org,)) for org in (acme, globex) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
