"""One embedded PostgreSQL server: create, start, stop, survive crashes."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg

from tenants.isolation.postgres.binaries import (
    RunAs,
    reachable,
    server_installation,
    server_user,
    system_folder,
)
from tenants.isolation.roles import APP_ROLE, OWNER_ROLE, bootstrap

START_SECONDS = 60.0
SERVER_OPTIONS = {
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "shared_buffers": "96MB",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "listen_addresses": "127.0.0.1",
}
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServerFailed(RuntimeError):
    """PostgreSQL did not start or answer; the message says where its log is."""


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach the server: socket folder, port (socket and 127.0.0.1), passwords by role."""

    folder: str
    port: int
    passwords: dict[str, str]

    def dsn(self, role: str, database: str) -> dict[str, str | int]:
        """Return libpq parameters for this role and database over the unix socket."""
        return {
            "host": self.folder,
            "port": self.port,
            "user": role,
            "password": self.passwords[role],
            "dbname": database,
        }


class Cluster:
    """The server whose files live under `root`; `fast` gives up crash safety (tests only)."""

    def __init__(self, root: Path, *, port: int | None = None, fast: bool = False) -> None:
        self.run_as = server_user()
        self.home = root.absolute()
        self.root = self.home if reachable(self.home / "data", self.run_as) else system_folder(self.home)
        self.data = self.root / "data"
        self.log = self.root / "server.log"
        self.wanted_port = port
        self.options = SERVER_OPTIONS | (UNSAFE_BUT_FAST if fast else {})

    # Reading -----------------------------------------------------------------------------------

    @property
    def socket_folder(self) -> Path:
        """Folder of the unix socket; socket paths are limited to 107 bytes."""
        folder = self.root / "run"
        if len(str(folder)) < 85:
            return folder
        # Every process must find the same folder, whatever its TMPDIR.
        return Path("/tmp") / f"portcullis-{sha256(str(self.root).encode()).hexdigest()[:12]}"  # noqa: S108

    def address(self) -> Address:
        """Return how to reach the server; raises ServerFailed when it was never created."""
        try:
            port = int((self.root / "port").read_text())
            passwords = json.loads((self.root / "passwords.json").read_text())
        except FileNotFoundError as error:
            raise ServerFailed(
                "The embedded PostgreSQL has not been created: run `make setup`, or set DATABASE_URL."
            ) from error
        return Address(str(self.socket_folder), port, passwords)

    def running_pid(self) -> int | None:
        """Return the pid of our running server, or None; a stale pid file does not count."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ValueError, PermissionError, ProcessLookupError):
            return None
        return pid if str(self.data).encode() in command else None

    def accepts(self) -> bool:
        """Tell whether the server answers a query."""
        try:
            address = self.address()
            with psycopg.connect(**address.dsn("postgres", "postgres"), connect_timeout=2):  # type: ignore[arg-type]
                return True
        except (psycopg.OperationalError, ServerFailed):
            return False

    # Doing ---------------------------------------------------------------------------------------

    def start(self) -> Address:
        """Create the server when missing, start it when stopped, wait until it answers; return where it is."""
        self.root.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self.running_pid() is None or not self.accepts():
                self._create()
                self._wait(self._launch())
            address = self.address()
            with psycopg.connect(**address.dsn("postgres", "postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
                bootstrap(connection, address.passwords)
        return address

    def stop(self) -> bool:
        """Stop the server (fast shutdown); return whether it was running."""
        pid = self.running_pid()
        if pid is None:
            return False
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + START_SECONDS
        while self.running_pid() is not None:
            if time.monotonic() > deadline:
                raise ServerFailed(f"PostgreSQL (pid {pid}) did not stop; see {self.log}.")
            time.sleep(0.02)
        return True

    def _create(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        names = ("postgres", OWNER_ROLE, APP_ROLE)
        passwords = {name: secrets.token_urlsafe(24) for name in names}
        scratch = self.root / "data.new"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        self.run_as.own(scratch)
        password_file = self.root / "initdb.password"
        _write_private(password_file, passwords["postgres"], self.run_as)
        command = [
            str(server_installation(self.run_as) / "bin" / "initdb"),
            *("--pgdata", str(scratch), "--username", "postgres", "--pwfile", str(password_file)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-instructions", "--no-sync"),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        ]
        try:
            done = self._run(command)
        finally:
            password_file.unlink()
        if done.returncode:
            raise ServerFailed(f"initdb failed: {done.stderr.strip()}")
        _write_private(self.root / "passwords.json", json.dumps(passwords), RunAs(None, None))
        scratch.rename(self.data)

    def _launch(self) -> subprocess.Popen[bytes]:
        if self.running_pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        port = self.wanted_port or self._previous_port() or _free_port()
        (self.root / "port").write_text(str(port))
        folder = self.socket_folder
        folder.mkdir(exist_ok=True)
        self.run_as.own(folder)
        if self.running_pid() is None:
            # Left by kill -9; its pid may still exist (not yet reaped, or another program's by now).
            for stale in folder.glob(".s.PGSQL.*"):
                stale.unlink(missing_ok=True)
        options = self.options | {"port": str(port), "unix_socket_directories": str(folder)}
        postgres = server_installation(self.run_as) / "bin" / "postgres"
        command = [str(postgres), "-D", str(self.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=_environment(),
                **self.run_as.popen_options(),
            )

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.accepts():
            if time.monotonic() > deadline:
                raise ServerFailed(f"PostgreSQL did not start within {START_SECONDS:.0f} s; see {self.log}.")
            if process.poll() is not None:
                # After kill -9 the old back ends keep the shared memory for a moment; try again. Only once the
                # launched one has ended: two at once would disagree about the port.
                time.sleep(0.5)
                process = self._launch()
            time.sleep(0.05)
        # The server outlives us on purpose; nobody waits for it.
        process.returncode = 0

    def _previous_port(self) -> int | None:
        try:
            port = int((self.root / "port").read_text())
        except (FileNotFoundError, ValueError):
            return None
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return None
        return port

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd="/",
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            **self.run_as.popen_options(),
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.root / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _environment() -> dict[str, str]:
    """Keep the server's environment empty of our secrets."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _write_private(path: Path, text: str, run_as: RunAs) -> None:
    """Write a secret that only its owner can read."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    run_as.own(path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
