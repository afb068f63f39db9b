"""Scripts of JavaScript policies, run for real in a Node process of its own that is started when the first one is needed."""

import json
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PROGRAM = Path(__file__).with_suffix(".js")


class ScriptError(Exception):
    """A script that threw, or took longer than its policy allows."""


class ScriptEngine:
    """One Node process for all scripts; safe for threads. ``options`` are Node's own."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def run(self, source: str, variables: Mapping[str, str], limit: int = 5000) -> dict[str, Any]:
        """The flow variables after the script; ``limit`` in milliseconds. Raises ``ScriptError``."""
        answer = self._asked(source, variables, limit)
        if "error" in answer:
            raise ScriptError(answer["error"])
        found: dict[str, Any] = answer["variables"]
        return found

    def tried(self, source: str, variables: Mapping[str, str], limit: int) -> dict[str, Any]:
        """The flow variables when the script ended or was stopped."""
        found: dict[str, Any] = self._asked(source, variables, limit)["variables"]
        return found

    def _asked(self, source: str, variables: Mapping[str, str], limit: int) -> dict[str, Any]:
        asked = json.dumps({"source": source, "variables": dict(variables), "limit": limit})
        with self._lock:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(asked + "\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                pipe.close()
            self._process.wait(10)
            self._process = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                ["node", *self._options, str(_PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process
