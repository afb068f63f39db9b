"""`manage.py new connector NAME`: the folder of a new connector, ready for its first capability."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.scaffold import REPOSITORY, ScaffoldError, write_connector


class Command(BaseCommand):
    """Writes the files and names them; writes nothing when one of them is there."""

    help = "Write the folder of a new connector; it passes the conformance suite as it is."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("what", choices=["connector"])
        parser.add_argument("name", help="folder and key: small letters and digits")
        parser.add_argument(
            "--title", default="", help="what people call it; the name with a capital without it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        key = options["name"]
        try:
            written = write_connector(key, options["title"] or key.capitalize())
        except ScaffoldError as error:
            raise CommandError(str(error)) from error
        for path in written:
            self.stdout.write(str(path.relative_to(REPOSITORY)))
        self.stdout.write(
            "Next: docs/adding-a-connector.md, from part 1; then\n"
            f"  .venv/bin/pytest tests/connectors/testkit -q -k {key}"
        )
