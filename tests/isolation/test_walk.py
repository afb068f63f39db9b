"""A long random walk over requests, jobs, threads, transactions and reused sessions: every row read is the tenant's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.signals import request_finished, request_started
from django.db import DatabaseError, close_old_connections, connection, connections, transaction

from tenants.isolation.context import (
    TenantContextError,
    current_tenant,
    no_tenant,
    require_tenant,
    tenant_context,
)
from tenants.jobs import worker
from tenants.jobs.models import JobFailure
from tenants.jobs.services import job
from tests.database import TestDatabases
from tests.isolation.worlds import (
    Home,
    Tally,
    backend,
    fail_in,
    failure_marks,
    homes,
    mark_of,
    send,
    stored_marks,
    user_marks,
)

STEPS = 102_000
THREADS = 4
SEED = 20261127
#: How sessions are kept: as in production, closed after each request, or taken from psycopg's own pool.
SESSIONS: dict[str, dict[str, Any]] = {
    "kept for a minute": {"CONN_MAX_AGE": 60},
    "closed after each request": {"CONN_MAX_AGE": 0},
    "of psycopg's pool": {"CONN_MAX_AGE": 0, "pool": {"min_size": 1, "max_size": 6, "timeout": 20}},
}

tally = Tally()
places: list[Home] = []


@job(queue="walk", max_retries=0)
def look(slug: str, again: int) -> None:
    """Read in the job's tenant; the stamp must be that of who enqueued it. Enqueue another one now and then."""
    home = next(place for place in places if place.slug == require_tenant().slug)
    tally.judge(home, [slug, *user_marks()], "job of the worker")
    if again:
        look.enqueue(slug, again - 1)


@job(max_retries=0)
def look_here(slug: str) -> None:
    """The same, performed by the walk's own thread."""
    home = next(place for place in places if place.slug == require_tenant().slug)
    with transaction.atomic():
        tally.judge(home, [slug, *user_marks(), *failure_marks()], "job performed here")
        fail_in(home)


class Walker:
    """One thread of the walk. Each method that is a step leaves the thread outside every tenant."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def here(self) -> Home:
        """Any tenant."""
        return self.random.choice(places)

    def two(self) -> list[Home]:
        """Two different tenants."""
        return self.random.sample(places, 2)

    def read(self, home: Home, where: str) -> None:
        """Read inside the entered tenant in one of several ways."""
        kind = self.random.randrange(4)
        if kind == 0:
            tally.judge(home, user_marks(), where)
        elif kind == 1:
            tally.judge(home, failure_marks(), where)
        elif kind == 2:
            tally.judge(home, [mark_of(user.email) for user in get_user_model().objects.all()], where)
        else:
            tally.judge(home, stored_marks(home), where)

    # Steps ------------------------------------------------------------------------------------------------

    def plain(self) -> None:
        home = self.here()
        with tenant_context(home.schema):
            self.read(home, "read")

    def write(self) -> None:
        home, keep = self.here(), self.random.random() < 0.5
        with tenant_context(home.schema), transaction.atomic():
            fail_in(home)
            self.read(home, "after a write")
            transaction.set_rollback(not keep)

    def raise_inside(self) -> None:
        home = self.here()
        with contextlib.suppress(ZeroDivisionError), tenant_context(home.schema), transaction.atomic():
            self.read(home, "before an exception")
            tally.fault("exception")
            raise ZeroDivisionError

    def switch_inside(self) -> None:
        """Leave for another tenant inside a transaction and come back; each level may be rolled back."""
        here, there = self.two()
        with tenant_context(here.schema), transaction.atomic():
            self.read(here, "outer")
            with no_tenant(), tenant_context(there.schema):
                with transaction.atomic():
                    self.read(there, "inner")
                    transaction.set_rollback(self.random.random() < 0.5)
                self.read(there, "after inner")
            self.read(here, "outer again")
            transaction.set_rollback(self.random.random() < 0.5)

    def enter_inside(self) -> None:
        """Entering another tenant without leaving the first is refused."""
        here, there = self.two()
        with tenant_context(here.schema):
            with pytest.raises(TenantContextError), tenant_context(there.schema):
                raise AssertionError("entered two tenants")
            self.read(here, "after a refused entrance")

    def savepoints(self) -> None:
        here = self.here()
        with tenant_context(here.schema), transaction.atomic():
            for _ in range(self.random.randint(1, 3)):
                with contextlib.suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                    fail_in(here)
                    if self.random.random() < 0.5:
                        tally.fault("statement failed in a savepoint")
                        cursor.execute("SELECT 1/0")
                self.read(here, "after a savepoint")

    def server_side_cursor(self) -> None:
        here, there = self.two()
        with tenant_context(here.schema):
            rows = get_user_model().objects.values_list("email", flat=True).iterator(chunk_size=2)
            first = next(rows)
            with no_tenant(), tenant_context(there.schema):
                self.read(there, "while a cursor is open")
            tally.judge(here, [mark_of(email) for email in (first, *rows)], "server-side cursor")

    def kept_cursor(self) -> None:
        here, there = self.two()
        with connection.cursor() as cursor:
            for home in (here, there, here):
                with tenant_context(home.schema):
                    cursor.execute("SELECT email FROM accounts_user")
                    tally.judge(home, [mark_of(row[0]) for row in cursor.fetchall()], "kept cursor")

    def outside(self) -> None:
        with pytest.raises(DatabaseError, match="does not exist"):
            user_marks()
        tally.refused += 1

    def lose_session(self) -> None:
        here, there = self.two()
        tally.fault("session closed")
        with tenant_context(here.schema):
            self.read(here, "before the session was closed")
            connection.close()
            self.read(here, "after the session was closed")
        with tenant_context(there.schema):
            self.read(there, "in another tenant after the session was closed")

    def kill_session(self) -> None:
        """The server ends the session under the thread's hands."""
        here, there = self.two()
        tally.fault("session killed")
        with tenant_context(here.schema):
            self.read(here, "before the session was killed")
            connection.ensure_connection()
            connection.connection.pgconn.finish()
            with pytest.raises(DatabaseError):
                user_marks()
        close_old_connections()
        with tenant_context(there.schema):
            self.read(there, "after the session was killed")

    def cancel(self) -> None:
        here, there = self.two()
        tally.fault("statement cancelled")
        with tenant_context(here.schema), contextlib.suppress(DatabaseError), transaction.atomic():
            connection.cursor().execute("SET LOCAL statement_timeout = 1")
            connection.cursor().execute("SELECT pg_sleep(1)")
        with tenant_context(there.schema):
            self.read(there, "after a cancelled statement")

    def by_hand(self) -> None:
        """SET, and transactions by statements of ours: what they change or undo is set again."""
        here, there = self.two()
        tally.fault("session changed by a statement")
        with connection.cursor() as cursor:
            with tenant_context(here.schema):
                cursor.execute("BEGIN")
                self.read(here, "in a transaction by hand")
            with tenant_context(there.schema):
                self.read(there, "in a transaction by hand, other tenant")
                cursor.execute(self.random.choice(["COMMIT", "ROLLBACK"]))
                self.read(there, "after a transaction by hand")
                cursor.execute(self.random.choice(["RESET ROLE", f"SET search_path = {here.schema}"]))
                self.read(there, "after a change by hand")

    def request(self) -> None:
        """A member's or a token's request over the WSGI application."""
        home = self.here()
        caller = (
            {"Cookie": f"{settings.SESSION_COOKIE_NAME}={home.cookie}"}
            if self.random.random() < 0.5
            else {"Authorization": home.token}
        )
        path = self.random.choice(["/api/v1/members?limit=200", "/api/v1/members", "/api/v1/tokens?limit=5"])
        status, body = send(f"{home.slug}.localhost", "GET", path, caller)
        assert status == 200, body
        rows = json.loads(body)["data"]
        if "members" in path:
            tally.judge(home, [mark_of(row["email"]) for row in rows], path)
        else:
            names = [row["name"].partition(" ")[0] for row in rows]
            tally.judge(home, [name for name in names if name != "test"], path)

    def writing_request(self) -> None:
        home = self.here()
        wanted = {"cidr": f"198.18.{self.random.randrange(256)}.0/24", "label": f"{home.slug} walk"}
        if self.random.random() < 0.3:
            wanted["cidr"] = "nowhere"
        host, headers = f"{home.slug}.localhost", {"Authorization": home.token}
        status, answer = send(
            host, "POST", "/api/v1/protected-networks", headers, json.dumps(wanted).encode()
        )
        assert status in (201, 422), answer
        if status == 201:
            path = f"/api/v1/protected-networks/{json.loads(answer)['id']}"
            status, _ = send(host, "DELETE", path, headers)
            assert status == 204

    def stranger(self) -> None:
        """Somebody of another tenant, by session, by token, by id: nothing is found."""
        here, there = self.two()
        tally.fault("stranger at the door")
        host = f"{here.slug}.localhost"
        own, theirs = {"Authorization": here.token}, {"Authorization": there.token}
        session = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={there.cookie}"}
        method, path, headers = self.random.choice(
            [
                ("GET", "/api/v1/members", session),
                ("GET", "/api/v1/members", theirs),
                ("DELETE", f"/api/v1/protected-networks/{there.failure}", own),
            ]
        )
        status, body = send(host, method, path, headers)
        assert status in (401, 404)
        assert there.slug.encode() not in body
        tally.refused += 1

    def perform_job(self) -> None:
        home = self.here()
        worker.carry_out(look_here.name, [home.slug], home.schema)

    def enqueue_job(self) -> None:
        home, keep = self.here(), self.random.random() < 0.8
        with tenant_context(home.schema), transaction.atomic():
            look.enqueue(home.slug, self.random.randrange(3))
            transaction.set_rollback(not keep)

    def new_thread(self) -> None:
        """A thread begins outside every tenant, whatever the thread that started it was in."""
        here, there = self.two()
        problems: list[BaseException] = []

        def work() -> None:
            try:
                assert current_tenant() is None
                with tenant_context(there.schema):
                    self.read(there, "new thread")
            except BaseException as error:
                problems.append(error)
            finally:
                connections.close_all()

        with tenant_context(here.schema):
            thread = threading.Thread(target=work)
            thread.start()
            self.read(here, "beside a new thread")
            thread.join()
        assert problems == []

    def coroutines(self) -> None:
        """Coroutines of one thread, each in its tenant, giving way to each other between reads."""

        async def one(home: Home) -> None:
            with tenant_context(home.schema):
                for _ in range(2):
                    marks = await sync_to_async(user_marks)()
                    tally.judge(home, marks, "coroutine")
                    await asyncio.sleep(0)
                    assert require_tenant().schema_name == home.schema

        async def all_of_them() -> None:
            await asyncio.gather(*(one(home) for home in self.two()))

        asyncio.run(all_of_them())

    def end_of_request(self) -> None:
        """What Django does with sessions between requests."""
        close_old_connections()

    def walk(self, steps: int) -> None:
        """Take so many steps."""
        choices: list[Callable[[], None]] = [kind for kind, _ in self.weights()]
        picked = self.random.choices(choices, [weight for _, weight in self.weights()], k=steps)
        for step in picked:
            step()
            assert current_tenant() is None
            tally.step()

    def weights(self) -> list[tuple[Callable[[], None], int]]:
        """Every kind of step with how often it is taken, in thousandths."""
        return [
            (self.plain, 330), (self.write, 70), (self.raise_inside, 60), (self.switch_inside, 70),
            (self.enter_inside, 40), (self.savepoints, 40), (self.server_side_cursor, 50), (self.kept_cursor, 60),
            (self.outside, 50), (self.lose_session, 5), (self.kill_session, 4), (self.cancel, 10),
            (self.by_hand, 50), (self.request, 45), (self.writing_request, 15), (self.stranger, 25),
            (self.perform_job, 35), (self.enqueue_job, 15), (self.new_thread, 5), (self.coroutines, 4),
            (self.end_of_request, 17),
        ]  # fmt: skip


@contextlib.contextmanager
def sessions(kept: str) -> Iterator[None]:
    """Keep sessions in this way."""
    values, options = dict(SESSIONS[kept]), connections.settings["default"]
    before = {"CONN_MAX_AGE": options["CONN_MAX_AGE"], "OPTIONS": dict(options.get("OPTIONS", {}))}
    pool = values.pop("pool", None)
    connections.close_all()
    options.update(values)
    options["OPTIONS"] = before["OPTIONS"] | ({"pool": pool} if pool else {})
    try:
        yield
    finally:
        if pool:
            backend().close_pool()
        connections.close_all()
        options.update(before)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.asvs("8.4.1")
def test_no_step_of_a_long_walk_reads_another_tenants_row(
    committed_db: TestDatabases, capsys: pytest.CaptureFixture[str]
) -> None:
    places[:] = homes()
    logging.disable(logging.WARNING)
    # The test client switches these off; the web server does not.
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)
    began = time.monotonic()
    try:
        for number, kept in enumerate(SESSIONS):
            with sessions(kept):
                _walk_in_threads(SEED + number * THREADS, STEPS // len(SESSIONS) // THREADS)
    finally:
        logging.disable(logging.NOTSET)
    with capsys.disabled():
        print(f"\nwalk, seed {SEED}, {time.monotonic() - began:.0f} s: {tally.line()}")
    assert tally.foreign == []
    assert tally.steps == STEPS
    assert tally.rows > STEPS


def _walk_in_threads(seed: int, steps: int) -> None:
    """Walk in several threads at once, beside a worker with two threads of its own."""
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            Walker(seed + number).walk(steps)
        except BaseException as error:
            problems.append(error)
        finally:
            connections.close_all()

    working = worker.start({"walk"}, threads=2, wake_ms=50)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        working.stop(timeout=20_000)
        working.broker.close()
    for home in places:
        with tenant_context(home.schema):
            JobFailure.objects.exclude(id=home.failure).delete()
    if problems:
        raise BaseExceptionGroup("the walk", problems)
