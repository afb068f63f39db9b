"""Jobs: enqueued with the change, run in their tenant, at most one waiting per key."""

import json
import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from tenants.audit.actors import current_actor
from tenants.errors import Conflict, NotFound
from tenants.isolation.context import TenantContextError, require_tenant, tenant_context
from tenants.jobs import queries
from tenants.jobs.events import emit, subscribe
from tenants.jobs.scheduler import Scheduler
from tenants.jobs.services import every, job, record_failure, retry_failure
from tenants.orgs.types import OrgInfo
from tests.database import TestDatabases

ran: list[tuple[str, str, str]] = []


@job()
def note(text: str) -> None:
    """Remember the tenant, the text and the actor."""
    ran.append((require_tenant().slug, text, current_actor().kind))


@subscribe("test.happened")
@job()
def react(thing_id: str) -> None:
    """Remember what happened."""
    ran.append((require_tenant().slug, thing_id, "event"))


@every(seconds=60)
@job(max_retries=0)
def periodic() -> None:
    """Remember that it ran."""
    ran.append((require_tenant().slug, "periodic", "every"))


@pytest.fixture(autouse=True)
def _forget() -> None:
    ran.clear()


@pytest.mark.asvs("8.4.1")
def test_a_job_runs_in_the_tenant_that_enqueued_it_as_the_job(
    acme: OrgInfo, globex: OrgInfo, run_jobs: Callable[[], int]
) -> None:
    for org in (acme, globex):
        with tenant_context(org.schema_name):
            note.enqueue(org.slug)
    assert run_jobs() == 2
    assert ran == [("acme", "acme", "job"), ("globex", "globex", "job")]


@pytest.mark.asvs("2.3.3")
def test_a_rolled_back_change_enqueues_nothing(tenant: OrgInfo, run_jobs: Callable[[], int]) -> None:
    with transaction.atomic():
        note.enqueue("never")
        transaction.set_rollback(True)
    assert run_jobs() == 0


def test_outside_a_tenant_nothing_can_be_enqueued(any_db: None) -> None:
    with pytest.raises(TenantContextError):
        note.enqueue("x")


@pytest.mark.asvs("8.4.1", "13.2.2")
def test_the_database_refuses_to_enqueue_outside_a_tenant(any_db: None) -> None:
    with (
        pytest.raises(DatabaseError, match=r"permission denied|inside a tenant"),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT jobs.enqueue(%s::uuid, 'default', '{}'::jsonb, 0, NULL)", [str(uuid4())])


def forge(org: OrgInfo, own_id: str, **parts: object) -> None:
    """Put a message on the queue whose text was made by somebody who can run SQL in the tenant."""
    message = {"actor_name": "jobs.note", "queue_name": "default", "args": ["x"], "kwargs": {}} | parts
    with tenant_context(org.schema_name), connection.cursor() as cursor:
        cursor.execute(
            "SELECT jobs.enqueue(%s::uuid, 'default', %s::jsonb, 0, NULL)", [own_id, json.dumps(message)]
        )


@pytest.mark.asvs("8.3.3", "8.4.1")
def test_a_message_cannot_name_another_tenant(
    acme: OrgInfo, globex: OrgInfo, run_jobs: Callable[[], int]
) -> None:
    forge(acme, str(uuid4()), options={"tenant": globex.schema_name})
    run_jobs()
    assert [slug for slug, *_ in ran] == ["acme"]


def test_a_message_cannot_name_another_message_or_queue_or_bring_options(
    acme: OrgInfo, globex: OrgInfo
) -> None:
    """Its id is what a worker acknowledges and puts back: another's would be overwritten by a retry."""
    with tenant_context(globex.schema_name):
        victim = note.enqueue("theirs")
    own = str(uuid4())
    forge(acme, own, message_id=str(victim), queue_name="urgent", options={"max_retries": 10**9}, pipe=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT message FROM jobs.queue WHERE message_id = %s", [own])
        row = cursor.fetchone()
    assert row is not None
    stored = json.loads(row[0])
    assert (stored["message_id"], stored["queue_name"], stored["options"]) == (own, "default", {})
    assert set(stored) == {
        "message_id", "queue_name", "actor_name", "args", "kwargs", "options", "message_timestamp",
    }  # fmt: skip


@pytest.mark.parametrize("parts", [{"actor_name": None}, {"args": "x"}, {"args": None}])
def test_a_message_no_worker_could_read_is_refused(acme: OrgInfo, parts: dict[str, object]) -> None:
    with pytest.raises(DatabaseError, match="an actor and a list"):
        forge(acme, str(uuid4()), **parts)


@pytest.mark.parametrize("column", ["tenant", "message_id", "queue_name"])
def test_the_app_role_cannot_restamp_a_message(acme: OrgInfo, column: str) -> None:
    with tenant_context(acme.schema_name):
        note.enqueue("x")
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE jobs.queue SET {column} = {column}")


def test_one_message_per_key_waits_and_the_key_is_free_again_afterwards(
    acme: OrgInfo, globex: OrgInfo, run_jobs: Callable[[], int]
) -> None:
    with tenant_context(acme.schema_name):
        assert note.enqueue("a", unique_key="k") is not None
        assert note.enqueue("b", unique_key="k") is None
        assert note.enqueue("c", unique_key="other") is not None
    with tenant_context(globex.schema_name):
        assert note.enqueue("d", unique_key="k") is not None
    assert run_jobs() == 3
    with tenant_context(acme.schema_name):
        assert note.enqueue("e", unique_key="k") is not None


def test_a_delayed_job_is_not_due_yet(tenant: OrgInfo, run_jobs: Callable[[], int]) -> None:
    note.enqueue("later", delay=60)
    assert run_jobs() == 0
    assert queries.backlog() == []


def test_the_backlog_counts_the_tenants_own_due_messages(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(globex.schema_name):
        note.enqueue("theirs")
    with tenant_context(acme.schema_name):
        note.enqueue("ours")
        assert [(row.queue, row.waiting) for row in queries.backlog()] == [("default", 1)]


def test_an_event_reaches_its_subscribers_once(tenant: OrgInfo, run_jobs: Callable[[], int]) -> None:
    emit("test.happened", thing_id="t1", other_id="o")
    emit("test.happened", thing_id="t1", other_id="p")
    run_jobs()
    assert ran == [("acme", "t1", "event")]


def test_an_event_without_the_id_a_subscriber_needs_is_an_error(tenant: OrgInfo) -> None:
    with pytest.raises(TypeError, match="thing_id"):
        emit("test.happened", other_id="o")


def scheduled(org: OrgInfo) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM jobs.queue WHERE tenant = %s AND message->>'actor_name' = 'jobs.periodic'",
            [org.schema_name],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def test_the_scheduler_enqueues_for_active_tenants_at_most_one_at_a_time(
    acme: OrgInfo, globex: OrgInfo, initech: OrgInfo
) -> None:
    now = [1000.0]
    scheduler = Scheduler(clock=lambda: now[0])
    scheduler.tick()
    scheduler.tick()
    assert [scheduled(org) for org in (acme, globex, initech)] == [1, 1, 0]
    now[0] += 61
    scheduler.tick()
    assert scheduled(acme) == 1
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM jobs.queue")
    scheduler.tick()
    assert scheduled(acme) == 0
    now[0] += 61
    scheduler.tick()
    assert scheduled(acme) == 1


@pytest.mark.asvs("15.4.3")
def test_one_scheduler_leads_and_another_takes_over(committed_db: TestDatabases) -> None:
    scheduler, answers = Scheduler(), []

    def ask() -> None:
        answers.append(Scheduler().leads())
        connection.close()

    for leading in (True, False):
        if leading:
            assert scheduler.leads()
            assert scheduler.leads()
        else:
            connection.close()
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert answers == [False, True]


def test_a_failure_is_noted_once_and_can_be_retried(tenant: OrgInfo, run_jobs: Callable[[], int]) -> None:
    message = {
        "message_id": str(uuid4()),
        "actor_name": "jobs.note",
        "queue_name": "default",
        "args": ["again"],
    }
    record_failure(message, "ValueError: no")
    record_failure(message, "ValueError: no")
    failure = queries.failures().get()
    assert failure.reason == "ValueError: no"
    retry_failure(failure.id)
    run_jobs()
    assert ran == [("acme", "again", "job")]


def test_a_failure_of_a_job_that_is_gone_is_kept(tenant: OrgInfo) -> None:
    record_failure(
        {"message_id": str(uuid4()), "actor_name": "jobs.gone", "queue_name": "default", "args": []}, "x"
    )
    failure = queries.failures().get()
    with pytest.raises(Conflict, match="no longer exists"):
        retry_failure(failure.id)
    with pytest.raises(NotFound):
        retry_failure("jfl_nothing")
