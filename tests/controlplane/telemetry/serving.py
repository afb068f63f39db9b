"""`manage.py serve` in a process of its own."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served(
    environment: dict[str, str], answers: Callable[[int], bool], log: Path | None = None
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve until the block ends. Gives the port, once `answers` says so of it, and the process."""
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    with (log or Path("/dev/null")).open("ab") as stream:
        output = stream if log else None
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not answers(port):
            assert process.poll() is None, "the server ended"
            time.sleep(0.2)
        yield port, process
    finally:
        process.terminate()
        process.wait(timeout=60)
