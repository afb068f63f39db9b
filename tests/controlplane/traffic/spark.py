"""A real Apache Spark cluster on this machine: a master, two workers with an executor each, and a Connect server.

Five Java processes of their own that speak over TCP, from the wheel of ``make cluster``; Java 17 must be there.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

MISSING = "NOT INSTALLED: the cluster's client and server. Nothing was proven. Run: make cluster"
NO_JAVA = "NOT INSTALLED: Java 17, which Apache Spark runs on. Nothing was proven. Install a JRE, then: make cluster"


def missing() -> str:
    """Why there can be no cluster here; empty when there can."""
    if find_spec("pyspark") is None or find_spec("sqlglot") is None:
        return MISSING
    return "" if shutil.which("java") else NO_JAVA


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise RuntimeError(f"Spark did not start:\n{log.read_text()[-3000:]}")


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Start one; gives its URL and stops all its processes afterwards."""
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    home = Path(next(iter(spec.submodule_search_locations)))
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "work"),
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *command: str) -> tuple[subprocess.Popen[bytes], Path]:
        log = folder / f"{name}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command, env=environment, cwd=folder, stdout=sink, stderr=sink, start_new_session=True
            )
        started.append(process)
        return process, log

    java = str(home / "bin" / "spark-class")
    master, connect = _free_port(), _free_port()
    try:
        address = ("--host", "127.0.0.1", "--port", str(master), "--webui-port", "0")
        _wait(master, *start("master", java, "org.apache.spark.deploy.master.Master", *address))
        for number in (1, 2):
            sizes = ("--cores", "1", "--memory", "1100m", "--host", "127.0.0.1", "--webui-port", "0")
            where = ("-d", str(folder / f"work{number}"), f"spark://127.0.0.1:{master}")
            start(f"worker{number}", java, "org.apache.spark.deploy.worker.Worker", *sizes, *where)
        settings = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(connect),
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.executor.memory": "1000m",
            "spark.executor.cores": "1",
            "spark.scheduler.minRegisteredResourcesRatio": "1.0",
            "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
        }
        options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
        server = ("--class", "org.apache.spark.sql.connect.service.SparkConnectServer")
        submit = str(home / "bin" / "spark-submit")
        at = ("--master", f"spark://127.0.0.1:{master}")
        _wait(connect, *start("connect", submit, *server, *at, "--driver-memory", "1g", *options))
        yield f"sc://127.0.0.1:{connect}"
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def executors(folder: Path) -> int:
    """How many executor processes of the cluster's workers have begun, by their working folders."""
    return len(list(folder.glob("work?/app-*/[0-9]*")))
