"""`manage.py serve`: the web server (granian, WSGI)."""

from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

TARGET = "controlplane.config.wsgi:application"


class Command(BaseCommand):
    """Serves the API and the web interface after checking both locks."""

    help = "Serve HTTP."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--address", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="processes")
        parser.add_argument("--threads", type=int, default=8, help="threads per process")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        self.check(tags=[Tags.database], databases=["default"])
        connections.close_all()
        Server(
            TARGET,
            address=options["address"],
            port=options["port"],
            interface=Interfaces.WSGI,
            workers=options["workers"],
            blocking_threads=options["threads"],
            respawn_failed_workers=True,
            log_access=False,
            log_level=LogLevels.warning,
        ).serve()
