"""`manage.py worker`: runs jobs, a process per queue unless told otherwise."""

import os
import signal
import subprocess
import sys
import threading
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser

from tenants.jobs.services import declared_jobs
from tenants.jobs.worker import start

STOP_MS = 30_000


class Command(BaseCommand):
    """A process per queue, so that long work on one queue never holds up another; those that end start again."""

    help = "Run background jobs: a process per queue, or one process for the queues named."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--queues", nargs="*", help="run these queues in this process")
        parser.add_argument(
            "--threads", type=int, default=5, help="per process; one of them is kept for a second tenant"
        )
        parser.add_argument("--processes", type=int, default=1, help="per queue")
        parser.add_argument("--parent", type=int, help="end with this process")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT; running jobs get 30 s to finish."""
        self.check(tags=[Tags.database], databases=["default"])
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if options["queues"] and options["processes"] == 1:
            _work(set(options["queues"]), options["threads"], options["parent"], stop)
        else:
            queues = options["queues"] or {declared.queue for declared in declared_jobs().values()}
            _supervise(sorted(queues) * options["processes"], options["threads"], stop)


def _work(queues: set[str], threads: int, parent: int | None, stop: threading.Event) -> None:
    worker = start(queues, threads)
    while not stop.wait(1):
        if parent is not None and os.getppid() != parent:
            break  # a supervisor that was killed takes its children along
    worker.stop(timeout=STOP_MS)
    worker.broker.close()


def _supervise(places: list[str], threads: int, stop: threading.Event) -> None:
    """Keep a process running for each place, named by its queue, until told to stop."""
    command = [sys.executable, sys.argv[0], "worker", "--threads", str(threads), "--parent", str(os.getpid())]
    children: dict[int, subprocess.Popen[bytes]] = {}
    while not stop.is_set():
        for place, queue in enumerate(places):
            if place not in children or children[place].poll() is not None:
                children[place] = subprocess.Popen([*command, "--queues", queue])
        stop.wait(1)
    for child in children.values():
        child.terminate()
    for child in children.values():
        child.wait()
