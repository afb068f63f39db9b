"""`manage.py create_tenant NAME SLUG OWNER_EMAIL`: for operators; the password is read from the terminal."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.errors import DomainError
from tenants.orgs.services import create_tenant


class Command(BaseCommand):
    """Creates a tenant and its first owner."""

    help = "Create a tenant with its first owner."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        for name in ("name", "slug", "email"):
            parser.add_argument(name)
        parser.add_argument(
            "--no-password", action="store_true", help="the owner resets it before signing in"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        password = None if options["no_password"] else getpass.getpass("Password of the owner: ")
        try:
            org = create_tenant(options["name"], options["slug"], options["email"], password)
        except DomainError as error:
            raise CommandError(f"{error} {error.fields or ''}") from error
        self.stdout.write(f"Made {org.slug} ({org.schema_name}).")
