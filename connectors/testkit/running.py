"""Run a vendor double as a separate process for the length of a test, and order faults from it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import urllib3

from connectors.egress import Egress, EgressPolicy
from connectors.testkit.doubles.faults import FAULTS_PATH, HEALTH_PATH

_READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One ordered misbehaviour (see ``connectors.testkit.doubles.faults``); ``operation`` takes ``*`` patterns."""

    status: int = 500
    operation: str = "*"
    service: str = "*"
    times: int = 100
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_ms: int = 0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class RunningDouble:
    """A started double; ``ports`` in the order they were asked for."""

    ports: tuple[int, ...]
    control_url: str

    def order(self, fault: Fault) -> None:
        """Make the next matching requests misbehave."""
        body = {name: getattr(fault, name) for name in Fault.__slots__}
        _call("POST", self.control_url + FAULTS_PATH, json.dumps(body).encode())

    def behave(self) -> None:
        """Forget all ordered faults."""
        _call("DELETE", self.control_url + FAULTS_PATH)


def free_port() -> int:
    """A port on 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_double(module: str, options: list[str], ports: tuple[str, ...]) -> Iterator[RunningDouble]:
    """Start ``python -m module`` with a free port for each option in ``ports``; the first one takes faults."""
    chosen = tuple(free_port() for _ in ports)
    arguments = [part for name, port in zip(ports, chosen, strict=True) for part in (name, str(port))]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments, *options],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    url = f"http://127.0.0.1:{chosen[0]}"
    try:
        _wait_until_ready(process, url)
        yield RunningDouble(chosen, url)
    finally:
        process.terminate()
        process.communicate(timeout=10)


def local_egress(*ports: int, timeout: float = 5.0) -> Egress:
    """An egress that may reach these ports of this machine, without waiting for retries or rate budgets."""
    policy = EgressPolicy(
        allow=frozenset(f"127.0.0.1:{port}" for port in ports),
        read_timeout=timeout,
        max_attempts=1,
        requests_per_second=100_000.0,
        burst=100_000,
    )
    return Egress(policy, account=f"testkit:{ports}")


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the double stopped: {process.communicate()[1].decode()[-2000:]}")
        try:
            _call("GET", url + HEALTH_PATH)
        except (urllib3.exceptions.HTTPError, ConnectionError):
            time.sleep(0.05)
            continue
        return
    raise RuntimeError(f"the double at {url} was not ready in {_READY_SECONDS:.0f} s")


def _call(method: str, url: str, body: bytes | None = None) -> None:
    answer = urllib3.request(method, url, body=body, timeout=5, retries=False)
    if answer.status >= 300:
        raise ConnectionError(f"{method} {url}: {answer.status}")
