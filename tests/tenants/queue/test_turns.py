"""Claiming takes turns between tenants: nobody waits for another's backlog."""

from __future__ import annotations

import threading
import time
from collections import Counter
from statistics import quantiles
from uuid import UUID

import pytest
from django.db import connection, connections

from tenants.isolation.context import tenant_context
from tenants.jobs import worker
from tenants.jobs.services import job
from tenants.orgs.types import OrgInfo
from tests.database import TestDatabases

A, B, C = (f"t_{letter * 16}" for letter in "abc")
FILL = """
    INSERT INTO jobs.queue (message_id, queue_name, "state", message, tenant, available_at)
    SELECT gen_random_uuid(), 'turns', 'queued', jsonb_build_object('options', jsonb_build_object(), 'n', n), %s,
           now() + make_interval(secs => %s + n * 0.001)
      FROM generate_series(1, %s) AS n
"""
CLAIM = "SELECT tenant, message::jsonb->'n' FROM jobs.claim('turns', %s, %s, %s, %s::jsonb, %s)"
# As another process would, so that only the worker's work is measured.
FLOOD_AT_ONCE = """
    SELECT count(jobs.enqueue(gen_random_uuid(), 'flood',
                              jsonb_build_object('actor_name', %s::text, 'args', jsonb_build_array('flood')), 0, NULL))
      FROM generate_series(1, %s)
"""
FLOOD = 50
TURNS = 3
ROUNDS = 22
NAP_SECONDS = 0.25


@pytest.fixture
def queue(committed_db: TestDatabases) -> TestDatabases:
    """An empty queue."""
    return committed_db


def waits(tenant: str, count: int, *, due_in: float = -100.0) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(FILL, [tenant, due_in, count])


def claim(wanted: int, after: str = "", held: str = "{}", cap: int = 100) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [wanted, str(UUID(int=1)), after, held, cap])
        return [(tenant, int(number)) for tenant, number in cursor.fetchall()]


def test_one_message_of_another_tenant_is_next_however_long_a_queue_is(queue: TestDatabases) -> None:
    waits(A, 10_000)
    waits(B, 1, due_in=-1)
    assert [tenant for tenant, _ in claim(1) + claim(1, A)] == [A, B]


def test_turns_go_round_and_each_tenants_messages_come_by_due_time(queue: TestDatabases) -> None:
    for tenant in (A, B, C):
        waits(tenant, 4)
    claimed, after = [], B
    for _ in range(6):
        claimed += claim(2, after)
        after = claimed[-1][0]
    assert [tenant for tenant, _ in claimed] == [C, A, B] * 4
    assert [number for tenant, number in claimed if tenant == B] == [1, 2, 3, 4]
    assert claim(2, after) == []


def test_one_tenant_alone_gets_all_that_is_asked_for(queue: TestDatabases) -> None:
    waits(B, 5)
    assert [number for _, number in claim(3) + claim(3, B)] == [1, 2, 3, 4, 5]


def test_what_is_not_due_waits_and_holds_up_nobody(queue: TestDatabases) -> None:
    waits(A, 3, due_in=60)
    waits(C, 1)
    assert claim(5) == [(C, 1)]


def test_a_tenant_with_its_share_waits_while_others_are_served(queue: TestDatabases) -> None:
    waits(A, 5)
    waits(B, 1)
    assert claim(5, held=f'{{"{A}": 2}}', cap=3) == [(A, 1), (B, 1)]
    assert claim(5, held=f'{{"{A}": 3}}', cap=3) == []


def test_two_who_claim_at_once_never_get_the_same_message(queue: TestDatabases) -> None:
    waits(A, 300)
    waits(B, 300)
    got: list[tuple[str, int]] = []

    def work() -> None:
        own, after = [], ""
        while rows := claim(3, after):
            own += rows
            after = rows[-1][0]
        got.extend(own)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got += claim(1000)
    assert Counter(tenant for tenant, _ in got) == {A: 300, B: 300}
    assert len(set(got)) == 600


def test_nobody_but_a_worker_claims(acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name), pytest.raises(Exception, match="permission denied"):
        claim(1)


ended: dict[str, float] = {}


@job(queue="flood", max_retries=0)
def nap(name: str) -> None:
    """Take as long as a call to a vendor, then note the time."""
    time.sleep(NAP_SECONDS)
    ended[name] = time.monotonic()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.asvs("15.4.4")
def test_a_flooding_tenant_delays_anothers_jobs_by_less_than_a_fifth(
    committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo, capsys: pytest.CaptureFixture[str]
) -> None:
    quiet: list[float] = []
    flooded: list[float] = []
    left = 0
    running = worker.start({"flood"}, threads=5, wake_ms=200)
    try:
        for turn in range(TURNS):  # by turns, so that whatever else the machine does falls on both alike
            quiet += seconds_of(globex, f"quiet-{turn}", None)
            flooded += seconds_of(globex, f"flooded-{turn}", acme)
            with connection.cursor() as cursor:
                cursor.execute(
                    "DELETE FROM jobs.queue WHERE tenant = %s AND state = 'queued'", [acme.schema_name]
                )
                left += cursor.rowcount
    finally:
        running.stop(timeout=5000)
        running.broker.close()
        connections.close_all()
    before, during = (quantiles(times, n=20)[-1] for times in (quiet, flooded))
    with capsys.disabled():
        print(
            f"\np95 from enqueuing to the end of a job of {NAP_SECONDS * 1000:.0f} ms: quiet {before * 1000:.0f} ms, "
            f"beside a flood of {FLOOD} to 1 {during * 1000:.0f} ms: {during / before:.2f} times; "
            f"{left} of the flood were left waiting"
        )
    assert during <= 1.2 * before


def seconds_of(org: OrgInfo, round_name: str, flooding: OrgInfo | None) -> list[float]:
    """Enqueue jobs at a steady pace, beside a flood of another tenant's; how long each took."""
    began: dict[str, float] = {}
    for number in range(ROUNDS):
        if flooding is not None:
            with tenant_context(flooding.schema_name), connection.cursor() as cursor:
                cursor.execute(FLOOD_AT_ONCE, [nap.name, FLOOD])
        name = f"{round_name}-{number}"
        began[name] = time.monotonic()
        with tenant_context(org.schema_name):
            nap.enqueue(name)
        time.sleep(NAP_SECONDS * 2)
    deadline = time.monotonic() + 60
    while not began.keys() <= ended.keys():
        assert time.monotonic() < deadline, "jobs of the other tenant did not end"
        time.sleep(0.05)
    return [ended[name] - at for name, at in began.items()]


def test_what_waits_does_not_wait_for_a_clock_that_was_set_back(queue: TestDatabases) -> None:
    """Rows written three hours ahead of the clock of now, as they are when the server's clock is set back."""
    waits(A, 3, due_in=3 * 3600)
    waits(B, 1, due_in=3600)
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE jobs.queue SET mtime = now() + interval '3 hours' WHERE tenant = %s", [A])
        cursor.execute("INSERT INTO jobs.worker VALUES (gen_random_uuid(), now() + interval '3 hours')")
    assert claim(10) == []
    assert worker.release_set_back() == 3
    assert {tenant for tenant, _ in claim(10)} == {A}  # what is meant to be late stays so
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM jobs.worker WHERE heartbeat_at > now()")
        assert cursor.fetchone() == (0,)
