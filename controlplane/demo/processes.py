"""Child processes with a log each, ended in reverse order, also when we are interrupted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path


class Processes:
    """The processes of one demo. ``logs`` is the folder of their output."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._environment = {**os.environ, **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> None:
        """Start ``python ARGUMENTS`` under a name."""
        with (self._logs / f"{name}.log").open("ab") as output:
            self._running[name] = subprocess.Popen(
                [sys.executable, *arguments], stdout=output, stderr=output, env=self._environment
            )

    def run(self, name: str, *arguments: str) -> None:
        """Run ``python ARGUMENTS`` to its end; raises ``RuntimeError`` naming the log when it fails."""
        self.start(name, *arguments)
        if self._running.pop(name).wait() != 0:
            raise RuntimeError(f"{name} failed; its output is in {self._logs / name}.log")

    def wait(self, name: str, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until ``ready`` answers true; raises ``RuntimeError`` when the process ends or time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._running[name].poll() is not None:
                raise RuntimeError(f"{name} ended at start; its output is in {self._logs / name}.log")
            if ready():
                return
            time.sleep(0.2)
        raise RuntimeError(
            f"{name} was not ready in {seconds:.0f} s; its output is in {self._logs / name}.log"
        )

    def pid(self, name: str) -> int:
        """The process id under a name."""
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """End a process without any warning, as a crash would."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def ended(self) -> str | None:
        """The name of a process that ended by itself, if one did."""
        return next((name for name, process in self._running.items() if process.poll() is not None), None)

    def stop(self) -> None:
        """End everything, last started first."""
        for process in reversed(self._running.values()):
            process.terminate()
        for process in reversed(self._running.values()):
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
