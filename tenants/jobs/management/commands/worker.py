"""`manage.py worker`: runs jobs in one or several processes."""

import signal
import subprocess
import sys
import threading
import time
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser

from tenants.jobs.worker import start

STOP_MS = 30_000


class Command(BaseCommand):
    """One process runs jobs on threads; more are started and restarted as children."""

    help = "Run background jobs."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--processes", type=int, default=1)
        parser.add_argument("--threads", type=int, default=4)
        parser.add_argument("--queues", nargs="*", help="only these queues (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT; running jobs get 30 s to finish."""
        self.check(tags=[Tags.database], databases=["default"])
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if options["processes"] > 1:
            _supervise(options, stop)
        else:
            _work(options, stop)


def _work(options: dict[str, Any], stop: threading.Event) -> None:
    worker = start(set(options["queues"]) if options["queues"] else None, options["threads"])
    stop.wait()
    worker.stop(timeout=STOP_MS)
    worker.broker.close()


def _supervise(options: dict[str, Any], stop: threading.Event) -> None:
    command = [sys.executable, sys.argv[0], "worker", "--threads", str(options["threads"])]
    if options["queues"]:
        command += ["--queues", *options["queues"]]
    children: list[subprocess.Popen[bytes]] = []
    while not stop.is_set():
        children = [child for child in children if child.poll() is None]
        while len(children) < options["processes"]:
            children.append(subprocess.Popen(command))
            time.sleep(0.1)
        stop.wait(1)
    for child in children:
        child.terminate()
    for child in children:
        child.wait()
