"""The embedded server: starts from nothing, runs unprivileged, survives kill -9, keeps its data."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tenants.isolation.checks import pooler_problems, role_problems
from tenants.isolation.postgres.binaries import RunAs, reachable, server_user
from tenants.isolation.postgres.cluster import Cluster, ServerFailed
from tenants.isolation.roles import APP_ROLE, OWNER_ROLE


@pytest.fixture
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder the server's user can reach; pytest's own is closed to others."""
    folder = Path("/var/tmp") / f"portcullis-test-{os.getpid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    yield folder / "postgres"
    Cluster(folder / "postgres").stop()
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def connect(cluster: Cluster, role: str = APP_ROLE) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(**cluster.address().dsn(role, "portcullis"), autocommit=True)  # type: ignore[arg-type]


@pytest.mark.asvs("13.2.2", "13.2.3", "13.3.2")
def test_a_server_starts_from_nothing_and_again_after_kill_9(root: Path) -> None:
    cluster = Cluster(root)
    with pytest.raises(ServerFailed, match="has not been created"):
        cluster.address()
    first = cluster.start()
    assert cluster.start() == first
    with connect(cluster, OWNER_ROLE) as session:
        session.execute("CREATE TABLE kept (x int)")
        session.execute("INSERT INTO kept VALUES (1)")
    pid = cluster.running_pid()
    assert pid is not None
    if os.geteuid() == 0:
        assert Path(f"/proc/{pid}").stat().st_uid == server_user().uid
    os.kill(pid, signal.SIGKILL)
    assert cluster.start().passwords == first.passwords
    with connect(cluster, OWNER_ROLE) as session:
        assert session.execute("SELECT x FROM kept").fetchone() == (1,)
    for secret in ("passwords.json",):
        assert stat.S_IMODE((root / secret).stat().st_mode) == 0o600
    with connect(cluster, OWNER_ROLE) as session:
        assert session.execute(
            "SELECT datlocale FROM pg_database WHERE datname = 'portcullis'"
        ).fetchone() == ("C.UTF-8",)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(**(cluster.address().dsn(APP_ROLE, "portcullis") | {"password": "wrong"}))  # type: ignore[arg-type]
    assert role_problems(lambda: connect(cluster)) == []
    assert pooler_problems(lambda: connect(cluster)) == []
    superuser = role_problems(lambda: connect(cluster, "postgres"))
    assert [problem.id for problem in superuser] == ["isolation.E001"]
    owner = role_problems(lambda: connect(cluster, OWNER_ROLE))
    assert [problem.id for problem in owner] == ["isolation.E002"]
    shared = connect(cluster)

    class Pooled:
        """A session of a pooler in transaction mode: all share one server process."""

        def execute(self, query: str) -> object:
            """Run on the shared server session."""
            return shared.execute(query)

        def close(self) -> None:
            """Give the session back."""

    assert [problem.id for problem in pooler_problems(Pooled)] == ["isolation.E003"]  # type: ignore[arg-type]
    shared.close()
    assert cluster.stop()
    assert not cluster.stop()


def test_status_of_a_stopped_server_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tenants.isolation.postgres", "status"],
        env=os.environ | {"PORTCULLIS_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (3, "PostgreSQL is not running.")


def test_a_folder_below_a_private_one_cannot_be_reached_by_another_user(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    assert not reachable(private / "data", RunAs(65534, 65534)) or os.geteuid() == 65534
    assert reachable(private / "data", RunAs(None, None))
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
