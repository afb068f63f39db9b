"""The whole product as processes that can be killed, and a gateway that pushes until it is acknowledged."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import urllib3

from controlplane.demo import product
from controlplane.demo.customer import Customer
from controlplane.demo.estate import free_port
from controlplane.demo.processes import Processes
from tenants.isolation.postgres.cluster import Cluster

_REPOSITORY: Final = Path(__file__).resolve().parents[2]
_MANAGE: Final = str(_REPOSITORY / "manage.py")
_READY_SECONDS: Final = 300
#: What waits after the last fault has to be read in this time, seconds.
SETTLED: Final = 600
#: What can be killed, and how to start it again.
PARTS: Final = {"web": ("serve",), "worker": ("worker",), "scheduler": ("scheduler",)}


def descendants(pid: int) -> list[int]:
    """Processes started by a process, and by those."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found += [int(entry.name), *descendants(int(entry.name))]
    return found


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class Rig:
    """One product on a folder of its own. ``seed`` decides what dies when."""

    def __init__(self, folder: Path, seed: int, environment: Mapping[str, str] | None = None) -> None:
        self.data, self.port, self.chance = folder, free_port(), random.Random(seed)
        self.environment = {
            "PORTCULLIS_DATA": str(folder),
            "PORTCULLIS_PUBLIC_URL": f"http://{{tenant}}.localhost:{self.port}",
            **(environment or {}),
        }
        self.processes = Processes(folder / "logs", self.environment)
        self.killed: list[str] = []

    def start(self) -> None:
        """Migrate and start everything."""
        self.processes.run("migrate", _MANAGE, "migrate_all")
        for part in PARTS:
            self.launch(part)
        self.wait_ready()

    def launch(self, part: str) -> None:
        """Start one part."""
        port = ("--port", str(self.port)) if part == "web" else ()
        self.processes.start(part, _MANAGE, *PARTS[part], *port)

    def wait_ready(self) -> None:
        """Until the web server answers."""
        self.processes.wait("web", self._answers, _READY_SECONDS)

    def _answers(self) -> bool:
        try:
            answer = urllib3.request(
                "GET", f"http://127.0.0.1:{self.port}/readyz",
                headers={"host": f"localhost:{self.port}"}, timeout=10, retries=False,
            )  # fmt: skip
        except urllib3.exceptions.HTTPError:
            return False
        return answer.status == 200

    def strike(self) -> None:
        """Kill one thing without warning, leave it dead for a moment, start it again."""
        target = self.chance.choice(["web", "worker", "worker child", "scheduler", "database", "database"])
        self.killed.append(target)
        if target == "database":
            self._strike_database()
        elif target == "worker child":
            children = descendants(self.processes.pid("worker"))
            if children:
                _kill(self.chance.choice(children))  # its supervisor starts another
        else:
            self.restart(target, self.chance.uniform(0, 1.0))

    def restart(self, part: str, pause: float = 0) -> None:
        """Kill one part with its children and start it again after a pause."""
        for child in descendants(self.processes.pid(part)):
            _kill(child)
        self.processes.kill(part)
        time.sleep(pause)
        self.launch(part)

    def _strike_database(self) -> None:
        pid = Cluster(self.data / "postgres").running_pid()
        assert pid is not None
        if self.chance.random() < 0.5:
            _kill(pid)
        else:
            os.kill(pid, signal.SIGQUIT)  # immediate shutdown
        time.sleep(self.chance.uniform(0, 1.0))
        self.start_database()

    def start_database(self) -> None:
        """Start PostgreSQL unless it runs."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            command = [sys.executable, "-m", "tenants.isolation.postgres", "start"]
            if (
                subprocess.run(command, env=os.environ | self.environment, capture_output=True).returncode
                == 0
            ):
                return
            time.sleep(0.5)
        raise RuntimeError("the database did not come back in two minutes")

    def stored(self, slug: str) -> dict[str, Any]:
        """What is stored now, read by a process of its own."""
        found: dict[str, Any] = json.loads(self._run("tests.faults.stored", slug).splitlines()[-1])
        return found

    def sweep(self, slug: str) -> None:
        """Carry out the hourly sweep of a workspace, in a process of its own."""
        self._run("tests.faults.swept", slug)

    def _run(self, module: str, slug: str) -> str:
        command = [sys.executable, "-m", module, slug]
        environment = (
            os.environ | self.environment | {"DJANGO_SETTINGS_MODULE": "controlplane.config.settings"}
        )
        done = subprocess.run(
            command, env=environment, cwd=_REPOSITORY, capture_output=True, text=True, check=True
        )
        return done.stdout

    def settled(self, slug: str) -> dict[str, Any]:
        """What is stored once nothing waits any more."""
        deadline = time.monotonic() + SETTLED
        while time.monotonic() < deadline:
            found = self.stored(slug)
            if not found["waiting"]:
                return found
            time.sleep(2)
        raise AssertionError(f"pushes still wait {SETTLED} s after the last fault")

    def stop(self) -> None:
        """End everything."""
        self.processes.stop()
        product.stop_database(self.data)


@dataclass
class Gateway:
    """A sender with a connection's token: each batch is sent, and sent again, until it is acknowledged."""

    port: int
    slug: str
    connection: str
    token: str
    name: str
    batch: int = 50
    acknowledged: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    tries: int = 0
    answers: dict[int, int] = field(default_factory=dict)
    abandoned: threading.Event = field(default_factory=threading.Event)
    _pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager, repr=False)

    def run(self, stopped: threading.Event) -> None:
        """Send until told to stop; a batch that was begun is sent until it is acknowledged."""
        number = 0
        while not stopped.is_set():
            ids = [f"{self.name}-{number + n:08d}" for n in range(self.batch)]
            number += self.batch
            self.sent += ids
            body = json.dumps([self._record(call) for call in ids]).encode()
            while not self._push(body):
                if self.abandoned.wait(0.2):
                    return
            self.acknowledged += ids

    def _push(self, body: bytes) -> bool:
        self.tries += 1
        try:
            answer = self._pool.request(
                "POST", f"http://127.0.0.1:{self.port}/api/v1/ingest/{self.connection}", body=body,
                headers={
                    "host": f"{self.slug}.localhost:{self.port}", "authorization": f"Bearer {self.token}",
                    "content-type": "application/json",
                },
                timeout=20, retries=False,
            )  # fmt: skip
        except urllib3.exceptions.HTTPError:
            self.answers[0] = self.answers.get(0, 0) + 1
            return False
        self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
        return answer.status == 202

    def _record(self, call: str) -> dict[str, Any]:
        return {
            "request": {
                "id": call, "method": "GET", "uri": f"/orders/{call[-4:]}", "size": 120,
                "headers": {"host": "shop.example", "user-agent": self.name},
            },
            "response": {"status": 200, "size": 512}, "latencies": {"request": 12, "proxy": 9},
            "client_ip": "203.0.113.7", "started_at": int(time.time() * 1000), "service": {}, "route": {},
        }  # fmt: skip


def connect(customer: Customer) -> tuple[str, str]:
    """A Kong connection of a workspace and its ingest token."""
    draft = {"connector": "kong", "name": "Gateway", "settings": {"admin_url": "http://127.0.0.1:1"}}
    connection = customer.call("POST", "/api/v1/connections", draft)["id"]
    token = customer.call("POST", f"/api/v1/connections/{connection}/rotate-token")["ingest_token"]
    return connection, token


@contextmanager
def sending(gateways: Sequence[Gateway]) -> Iterator[None]:
    """Gateways that push meanwhile; at the end each brings its last batch to an acknowledgement."""
    stopped = threading.Event()
    threads = [threading.Thread(target=gateway.run, args=(stopped,)) for gateway in gateways]
    for thread in threads:
        thread.start()
    try:
        yield
    except BaseException:
        for gateway in gateways:
            gateway.abandoned.set()
        raise
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def check_stored_once(rig: Rig, gateways: Sequence[Gateway], told: dict[str, Any]) -> None:
    """What was acknowledged is stored, nothing twice, nothing that was not sent, each with its raw record.

    A failure tells ``told``.
    """
    found = rig.settled(gateways[0].slug)
    acknowledged = {call for gateway in gateways for call in gateway.acknowledged}
    sent = {call for gateway in gateways for call in gateway.sent}
    told = told | {
        "acknowledged": len(acknowledged), "tries": [gateway.tries for gateway in gateways],
        "answers": [gateway.answers for gateway in gateways],
    }  # fmt: skip
    print(told)
    assert acknowledged, told
    assert acknowledged - set(found["calls"]) == set(), told
    assert [call for call, times in found["calls"].items() if times > 1] == [], told
    assert set(found["calls"]) - sent == set(), told
    assert found["raw"] >= len(found["calls"]), told
