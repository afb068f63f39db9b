"""`manage.py serve`: the web server (granian, WSGI)."""

from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from controlplane.telemetry.tls import TlsServer, configured

TARGET = "controlplane.config.wsgi:application"


class Command(BaseCommand):
    """Serves the API and the web interface after checking both locks."""

    help = "Serve HTTP, or HTTPS with a certificate in the settings."
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
        try:
            tls = configured()
        except ValueError as error:
            raise CommandError(f"{error} Nothing was served.") from error
        connections.close_all()
        shape: dict[str, Any] = {
            "address": options["address"],
            "port": options["port"],
            "interface": Interfaces.WSGI,
            # One way to read where a message ends (tests/controlplane/telemetry/test_serving.py), with TLS as without.
            "http": HTTPModes.http1,
            "workers": options["workers"],
            "blocking_threads": options["threads"],
            "respawn_failed_workers": True,
            # A worker that takes over from another needs seconds to load the product; nobody listens meanwhile else.
            "respawn_interval": 15.0,
            "log_access": False,
            "log_level": LogLevels.warning,
        }
        (MPServer(TARGET, **shape) if tls is None else TlsServer(TARGET, tls=tls, **shape)).serve()
