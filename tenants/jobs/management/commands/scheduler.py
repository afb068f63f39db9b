"""`manage.py scheduler`: enqueues periodic jobs. Run as many as you like; one leads."""

import signal
import threading
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand
from django.db import connection

from tenants.jobs.scheduler import Scheduler


class Command(BaseCommand):
    """Runs the scheduler's loop."""

    help = "Enqueue periodic jobs for every tenant."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        self.check(tags=[Tags.database], databases=["default"])
        # The lead is a lock of this session: it must not be closed for its age.
        connection.settings_dict["CONN_MAX_AGE"] = None
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        Scheduler().run(stop)
