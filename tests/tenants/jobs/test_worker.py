"""The worker on real connections: retries, dead letters, redelivery after kill -9."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection, connections, transaction
from dramatiq.middleware.time_limit import TimeLimitExceeded

from tenants.accounts.queries import person
from tenants.isolation import context
from tenants.isolation.context import require_tenant, tenant_context
from tenants.jobs import queries, worker
from tenants.jobs.services import declared_jobs, job
from tenants.members.services import add_member
from tenants.orgs.types import OrgInfo
from tenants.queue import broker as queue_broker
from tests.database import TestDatabases

ran: list[str] = []


@job(queue="test")
def succeed(text: str) -> None:
    """Remember the tenant and the text."""
    ran.append(f"{require_tenant().slug}:{text}")


@job(queue="test", max_retries=1)
def fail(text: str) -> None:
    """Fail every time."""
    ran.append(f"try:{text}")
    raise ValueError(text)


@job(queue="test", max_retries=9, longest_wait=1)
def keep_failing(text: str) -> None:
    """Fail every time, and be wanted again soon."""
    ran.append(f"try:{text}")
    raise ValueError(text)


@job(queue="test", max_retries=0, time_limit=1)
def hang(text: str) -> None:
    """Never end by itself."""
    while True:
        time.sleep(0.05)


@job(queue="slowtest")
def sleepy(marker: str) -> None:
    """Sleep long the first time; leave a mark at the end."""
    first = Path(marker)
    if not first.exists():
        first.write_text(str(os.getpid()))
        time.sleep(60)
    first.with_suffix(".done").write_text(require_tenant().slug)


@job(max_retries=0)
def cut_off(slug: str) -> None:
    """End as a time limit may end it: inside a transaction, and in a tenant that was not left."""
    transaction.atomic().__enter__()
    add_member(f"never@{slug}.test", "viewer")
    raise TimeLimitExceeded


@job(max_retries=0)
def add(slug: str) -> None:
    """Add a member, and stay in another tenant."""
    ran.append(require_tenant().slug)
    add_member(f"later@{slug}.test", "viewer")
    context._current.set(context.TenantRef("t_0000000000000001", "nowhere"))


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def running(committed_db: TestDatabases, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker of this process on the test queue, with short pauses between retries."""
    ran.clear()
    monkeypatch.setattr(queue_broker, "MIN_BACKOFF_MS", 50)
    started = worker.start({"test"}, threads=2, wake_ms=50)
    yield
    started.stop(timeout=5000)
    started.broker.close()
    connections.close_all()


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM jobs.queue")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def test_jobs_run_after_commit_each_in_its_tenant(running: None, acme: OrgInfo, globex: OrgInfo) -> None:
    for number in range(5):
        for org in (acme, globex):
            with tenant_context(org.schema_name):
                succeed.enqueue(str(number))
    wait_for(lambda: len(ran) == 10)
    assert sorted(ran) == sorted(f"{slug}:{number}" for slug in ("acme", "globex") for number in range(5))
    wait_for(lambda: waiting() == 0)


@pytest.mark.asvs("16.3.4")
def test_a_job_that_keeps_failing_ends_in_its_tenants_failures(
    running: None, acme: OrgInfo, globex: OrgInfo
) -> None:
    with tenant_context(acme.schema_name):
        fail.enqueue("bad")
        wait_for(lambda: queries.failures().exists())
        failure = queries.failures().get()
        assert (failure.job, failure.arguments, failure.reason) == ("jobs.fail", ["bad"], "ValueError: bad")
    assert ran == ["try:bad", "try:bad"]
    with tenant_context(globex.schema_name):
        assert not queries.failures().exists()
    wait_for(lambda: waiting() == 0)


def test_a_job_never_waits_longer_for_its_next_try_than_it_says(running: None, acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        keep_failing.enqueue("bad")
    waits: list[float] = []

    def tried_often() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM available_at - mtime) FROM jobs.queue WHERE \"state\" = 'queued'"
            )
            waits.extend(float(wait) for (wait,) in cursor.fetchall())
        return len(ran) >= 8  # by doubling alone, the eighth try would come six seconds after the one before

    wait_for(tried_often, 60)
    assert 0.3 < max(waits) <= 1


def test_an_undo_waits_a_minute_at_most_behind_a_push_that_failed() -> None:
    assert declared_jobs()["blocking.push"].longest_wait == 60


@pytest.mark.asvs("15.4.4", "16.5.2")
def test_a_bad_job_stops_nobody(running: None, acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        fail.enqueue("bad")
        succeed.enqueue("good")
    wait_for(lambda: "acme:good" in ran)


@pytest.mark.asvs("15.2.2", "16.3.4")
def test_a_job_beyond_its_time_limit_is_stopped_and_noted(running: None, acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        hang.enqueue("x")
        wait_for(lambda: queries.failures().exists())
        assert "TimeLimitExceeded" in queries.failures().get().reason


def test_a_message_of_an_unknown_job_is_noted_as_failed(running: None, acme: OrgInfo) -> None:
    gone = type(succeed)("jobs.gone", succeed.function, "test", 0, 10)
    with tenant_context(acme.schema_name):
        gone.enqueue("x")
        wait_for(lambda: queries.failures().exists())
        assert queries.failures().get().job == "jobs.gone"


def test_a_job_cut_off_anywhere_costs_the_next_one_on_the_thread_nothing(
    committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo
) -> None:
    ran.clear()
    with pytest.raises(TimeLimitExceeded):
        worker.carry_out(cut_off.name, ["acme"], acme.schema_name)
    for org in (acme, globex):
        worker.carry_out(add.name, [org.slug], org.schema_name)
        assert context.current_tenant() is None
    assert ran == ["acme", "globex"]
    connections.close_all()  # what was not committed is gone now
    for org in (acme, globex):
        with tenant_context(org.schema_name):
            assert person(f"later@{org.slug}.test") is not None
            assert person(f"never@{org.slug}.test") is None


def test_nobody_hears_what_was_in_a_message(running: None, acme: OrgInfo) -> None:
    """Any session may listen to the queue's notices; they say only that there is something."""
    with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as listener:
        for end in ("enqueue", "ack"):
            listener.execute(f'LISTEN "dramatiq.test.{end}"')
        with tenant_context(acme.schema_name):
            succeed.enqueue("secret")
            fail.enqueue("secret")
            wait_for(lambda: queries.failures().exists())
        wait_for(lambda: waiting() == 0)
        heard = {notice.payload for notice in listener.notifies(timeout=0.5)}
    assert heard == {""}


def queues_of_children(pid: int) -> dict[str, int]:
    """The worker processes a supervisor has started: queue to process id."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        command = Path(f"/proc/{child}/cmdline").read_text().split("\0")
        if "--queues" in command:
            found[command[command.index("--queues") + 1]] = int(child)
    return found


@pytest.mark.asvs("15.4.4")
def test_blocks_and_their_end_wait_for_no_other_work() -> None:
    urgent = {name for name, declared in declared_jobs().items() if declared.queue == "urgent"}
    assert {"blocking.push", "blocking.expire_due", "blocking.watch"} <= urgent
    assert {name.partition(".")[0] for name in urgent} == {"blocking"}


@pytest.mark.slow
@pytest.mark.asvs("15.4.4")
def test_every_queue_has_a_process_that_starts_again_and_ends_with_its_supervisor(
    committed_db: TestDatabases, tmp_path: Path
) -> None:
    wanted = {"urgent", "alerts", "default", "analysis", "intake"}
    environment = committed_db.environment(tmp_path)
    supervisor = subprocess.Popen([sys.executable, "manage.py", "worker"], env=environment)
    try:
        wait_for(lambda: set(queues_of_children(supervisor.pid)) == wanted, 30)
        first = queues_of_children(supervisor.pid)
        os.kill(first["urgent"], signal.SIGKILL)
        wait_for(lambda: queues_of_children(supervisor.pid).get("urgent") not in (None, first["urgent"]))
        children = queues_of_children(supervisor.pid)
    finally:
        supervisor.kill()
        supervisor.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children.values()), 45)


@pytest.mark.slow
def test_what_a_killed_worker_held_is_delivered_again_in_seconds(
    committed_db: TestDatabases, acme: OrgInfo, tmp_path: Path
) -> None:
    environment = committed_db.environment(tmp_path)
    code = (
        "import django; django.setup(); import tests.tenants.jobs.test_worker;"
        "from django.core.management import call_command; call_command('worker', queues=['slowtest'])"
    )
    processes = []
    try:
        marker = tmp_path / "started"
        with tenant_context(acme.schema_name):
            sleepy.enqueue(str(marker))
        processes.append(subprocess.Popen([sys.executable, "-c", code], env=environment))
        wait_for(marker.exists, 30)
        processes[0].send_signal(signal.SIGKILL)
        processes[0].wait()
        killed = time.monotonic()
        processes.append(subprocess.Popen([sys.executable, "-c", code], env=environment))
        wait_for(marker.with_suffix(".done").exists, 45)
        assert marker.with_suffix(".done").read_text() == "acme"
        assert time.monotonic() - killed < 40
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_the_change_and_its_job_commit_together(running: None, acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        with transaction.atomic():
            add_member("new@acme.test", "viewer")
            succeed.enqueue("after")
            time.sleep(0.2)
            assert ran == []
        wait_for(lambda: ran == ["acme:after"])
