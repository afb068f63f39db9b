"""A runner as its operator has it: the real command beside a Kong that we cannot reach, over real HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Semaphore, Thread

import pytest
from django.utils import timezone

from connectors.base.capabilities import Capability
from connectors.base.enforcement import Program
from connectors.egress.relay import RelayedRequest as Request
from connectors.egress.relay import RelayedResponse, Unsent
from connectors.testkit.running import RunningDouble, running_double
from controlplane.connections import queries as connection_queries
from controlplane.connections import services as connections
from controlplane.runners import queries, services
from controlplane.runners.models import RelayedRequest, Runner
from controlplane.runners.types import RunnerState, state_of
from tenants.audit.models import Entry
from tenants.orgs.types import OrgInfo
from tests.live import serving

COMMAND = str(Path(sys.executable).parent / "portcullis-runner")


@pytest.fixture
def kong() -> Iterator[RunningDouble]:
    options = ["--admin-token", "t0ken", "--seed"]
    with running_double(
        "connectors.testkit.doubles.kong", options, ("--admin-port", "--proxy-port")
    ) as double:
        yield double


@pytest.fixture
def port(committed_db: object, tenant: OrgInfo) -> Iterator[int]:
    with serving() as listening:
        yield listening


def place(kong: RunningDouble) -> str:
    return kong.control_url.removeprefix("http://")


def enrolled(port: int, state: Path) -> str:
    """A runner enrolled by its command; its id."""
    made = services.create("kong side", timezone.now())
    done = subprocess.run(
        [COMMAND, "enrol", "--url", f"http://acme.localhost:{port}", "--token", made.token, "--state", str(state)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return made.id


@contextmanager
def running(state: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """The runner's process; killed at the end, whatever it does."""
    with (state / "log").open("ab") as log:
        process = subprocess.Popen([COMMAND, "run", "--state", str(state), *options], stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def online(runner_id: str) -> None:
    Runner.objects.filter(pk=runner_id).update(last_seen_at=None)

    def seen() -> bool:
        row = queries.runner(runner_id)
        return state_of(row.public_key, row.last_seen_at, timezone.now()) is RunnerState.ONLINE

    until(seen)


def connected(kong: RunningDouble, runner_id: str | None, **settings: str) -> str:
    given = {"admin_url": kong.control_url, "admin_token": "t0ken", **settings}
    return connections.create("kong", "private kong", given, runner_id).id


def test_a_gateway_we_cannot_reach_is_read_and_blocked_on_through_its_runner(port, kong, tmp_path):
    direct = connections.create("kong", "direct", {"admin_url": kong.control_url, "admin_token": "t0ken"})
    refused = connections.check(direct.id)
    assert refused.error is not None, "without a runner a private address is out of reach"
    runner_id = enrolled(port, tmp_path)
    connection = connected(kong, runner_id)
    with running(tmp_path, "--reach", place(kong)):
        online(runner_id)
        assert connections.check(connection).ok
        run = connections.run_sync(connections.request_sync(connection).id)
        assert run.state == "done", run.error
        snapshot = connection_queries.latest_snapshot(connection)
        assert snapshot is not None
        assert {service.name for service in snapshot.services} >= {"payments"}
        enforcer = connections.open_connector(connection, Capability.ENFORCE)
        (target,) = enforcer.targets(snapshot)
        state = enforcer.read_state(target)
        applied = enforcer.apply(enforcer.diff(Program(target, (), ()), state), lambda change: None)
        assert applied.after.foreign_digest == state.foreign_digest
    assert not RelayedRequest.objects.exists(), "nothing of what was relayed stays"
    assert queries.runner(runner_id).allowed == [place(kong)]


def test_what_the_runner_may_not_reach_or_write_is_refused_there_with_its_sentence(port, kong, tmp_path):
    runner_id = enrolled(port, tmp_path)
    connection = connected(kong, runner_id)
    with running(tmp_path, "--reach", "kong.internal:8444"):
        online(runner_id)
        error = connections.check(connection).error
        assert error is not None
        assert "not among the addresses this runner may reach" in error["detail"]
    with running(tmp_path, "--reach", place(kong), "--read-only"):
        online(runner_id)
        assert connections.run_sync(connections.request_sync(connection).id).state == "done"


def test_a_token_kept_at_the_runner_need_not_be_known_to_us(port, kong, tmp_path):
    runner_id = enrolled(port, tmp_path)
    connection = connected(kong, runner_id, admin_token="not-the-token")
    (tmp_path / "token").write_text("t0ken")
    header = f"{place(kong)}=Kong-Admin-Token: @{tmp_path / 'token'}"
    with running(tmp_path, "--reach", place(kong), "--header", header):
        online(runner_id)
        assert connections.run_sync(connections.request_sync(connection).id).state == "done"


def test_while_the_runner_is_away_nothing_is_sent_and_the_connection_says_so(port, kong, tmp_path):
    runner_id = enrolled(port, tmp_path)
    connection = connected(kong, runner_id)
    Runner.objects.filter(pk=runner_id).update(last_seen_at=timezone.now() - timedelta(minutes=5))
    connections.run_sync(connections.request_sync(connection).id)
    unread = connection_queries.sections(connection)
    assert {section["completeness"] for section in unread} == {"unknown"}, "nothing is shown as empty"
    reasons = {section["name"]: section["reason"] for section in unread}
    assert "The runner kong side is away" in reasons["services"]
    assert all(reasons.values())
    assert not RelayedRequest.objects.exists()
    with running(tmp_path, "--reach", place(kong)) as process:
        online(runner_id)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with running(tmp_path, "--reach", place(kong)):
        online(runner_id)
        assert connections.run_sync(connections.request_sync(connection).id).state == "done"


def test_a_runner_outlives_the_control_plane_and_goes_on_where_it_was(committed_db, tenant, kong, tmp_path):
    with serving() as port:
        runner_id = enrolled(port, tmp_path)
        connection = connected(kong, runner_id)
        with running(tmp_path, "--reach", place(kong)) as process:
            online(runner_id)
    with running(tmp_path, "--reach", place(kong)) as process:
        until(lambda: "No work could be fetched" in (tmp_path / "log").read_text())
        assert process.poll() is None
        with serving(port):
            online(runner_id)
            assert connections.run_sync(connections.request_sync(connection).id).state == "done"


class Gateway:
    """A gateway that answers when it is let to, and knows how many requests have reached it."""

    def __init__(self) -> None:
        self.reached, self.go = Semaphore(0), Event()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gateway.reached.release()
                gateway.go.wait(30)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """The runner's log is the one that counts."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    with made.server:
        Thread(target=made.server.serve_forever, daemon=True).start()
        yield made
        made.go.set()
        made.server.shutdown()


def test_a_runner_that_is_stopped_brings_the_answers_it_has_in_hand_and_begins_nothing(
    port, gateway, tmp_path
):
    runner_id = enrolled(port, tmp_path)
    asked = Request("GET", f"http://{gateway.place}/routes", (), b"", 20.0)
    with running(tmp_path, "--reach", gateway.place) as process, ThreadPoolExecutor(5) as pool:

        def ask() -> Future[RelayedResponse]:
            return pool.submit(copy_context().run, services.relay_through(runner_id), asked)

        online(runner_id)
        first = ask()
        gateway.reached.acquire(timeout=20)
        process.send_signal(signal.SIGSTOP)
        time.sleep(
            0.5
        )  # what it had asked for has arrived: the next four are fetched together, for three free hands
        others = [ask() for _ in range(4)]
        until(lambda: RelayedRequest.objects.count() == 5)
        process.send_signal(signal.SIGCONT)
        for _ in range(3):
            assert gateway.reached.acquire(timeout=20)
        assert RelayedRequest.objects.filter(state=RelayedRequest.State.HANDED).count() == 5
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        gateway.go.set()
        assert first.result(timeout=20).status == 204
        told = [one.exception(timeout=20) for one in others]
        assert process.wait(timeout=10) == 0
    (refused,) = [error for error in told if error is not None]
    assert isinstance(refused, Unsent)
    assert "being stopped" in str(refused)
    assert not gateway.reached.acquire(blocking=False), "nothing was begun after the stop"


def test_a_token_is_not_spent_where_nothing_can_be_kept(port, tmp_path):
    made = services.create("kong side", timezone.now())
    (tmp_path / "file").write_text("in the way")
    options = ["--url", f"http://acme.localhost:{port}", "--token", made.token, "--state"]
    for state, code in ((tmp_path / "file" / "state", 1), (tmp_path / "state", 0)):
        done = subprocess.run(
            [COMMAND, "enrol", *options, str(state)], capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


def test_a_runner_that_was_removed_stops_with_a_sentence(port, kong, tmp_path):
    runner_id = enrolled(port, tmp_path)
    with running(tmp_path, "--reach", place(kong)) as process:
        online(runner_id)
        services.delete(runner_id)
        until(lambda: process.poll() is not None)
        assert process.returncode == 1
    assert "no longer takes this runner" in (tmp_path / "log").read_text()


@pytest.mark.asvs("6.4.1")
def test_an_enrolment_token_is_good_once_and_for_an_hour(port, tmp_path):
    enrolled(port, tmp_path / "first")
    late = services.create("late", timezone.now() - timedelta(hours=2))
    for token in (late.token, "pclrun_guessed", ""):
        done = subprocess.run(
            [COMMAND, "enrol", "--url", f"http://acme.localhost:{port}", "--token", token,
             "--state", str(tmp_path / "second")],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert "good once and for one hour" in done.stderr
        assert not (tmp_path / "second" / "identity.json").exists()


def test_an_enrolment_is_on_record_and_the_runners_key_is_kept_for_its_owner_alone(port, tmp_path):
    runner_id = enrolled(port, tmp_path)
    assert Entry.objects.filter(action="runner.enrol", target=runner_id).count() == 1
    file = tmp_path / "identity.json"
    assert os.stat(file).st_mode & 0o777 == 0o600
