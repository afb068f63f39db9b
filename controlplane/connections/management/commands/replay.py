"""`manage.py replay FILE`: read a recorded configuration again, without the vendor."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from connectors.base.errors import ConnectorError
from controlplane.connections.documents import counts, sections
from controlplane.connections.services import replay_configuration
from tenants.errors import DomainError


class Command(BaseCommand):
    """Tells what was read, and what the recording does not hold."""

    help = "Read the configuration that `manage.py record` wrote down, without the vendor."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--given",
            default="{}",
            help="JSON of settings that a recording does not hold, such as any key",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        try:
            given = orjson.loads(options["given"])
            with options["file"].open("rb") as file:
                done = replay_configuration(file, given)
        except orjson.JSONDecodeError as error:
            raise CommandError(f"--given is no JSON: {error}. Nothing was read.") from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read ({error.strerror}).") from error
        except (DomainError, ConnectorError) as error:
            raise CommandError(
                error.sentence() if isinstance(error, ConnectorError) else str(error)
            ) from error
        if done.error is not None:
            self.stdout.write(f"The reading fails: {done.error.sentence()}")
        if done.snapshot is not None:
            for part in sections(done.snapshot):
                self.stdout.write(f"  {part['name']}: {part['completeness']} {part['reason']}".rstrip())
            found = ", ".join(f"{count} {name}" for name, count in counts(done.snapshot).items())
            self.stdout.write(f"Read: {found}.")
        for request in done.missing:
            self.stdout.write(f"Not in the recording: {request}")
