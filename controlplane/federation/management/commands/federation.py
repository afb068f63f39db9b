"""`manage.py federation`: which signing keys there are, and their replacement while everything runs."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from controlplane.federation import keys
from controlplane.federation.services import issuer
from tenants.errors import DomainError


class Command(BaseCommand):
    """Shows public parts alone."""

    help = "Show the keys that sign our tokens for cloud vendors (status), or make the next one (rotate)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("action", choices=["status", "rotate"])
        parser.add_argument(
            "--compromised",
            action="store_true",
            help="the new key signs at once and all others are destroyed; vendors that keep the old key set refuse us, "
            "and take the stolen key, until they fetch it again: have customers suspend their trust",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; exits with an error when the root key does not answer."""
        now = timezone.now()
        try:
            if options["action"] == "rotate":
                made = keys.rotate(now, compromised=options["compromised"])
                self.stdout.write(f"Key {made.kid} signs from {made.signs_from:%Y-%m-%d %H:%M} UTC on.")
        except DomainError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"Issuer: {issuer()}")
        for key in keys.published(now):
            state = "announced" if key.signs_from > now else "published"
            self.stdout.write(f"{key.kid}: {state}, signs from {key.signs_from:%Y-%m-%d %H:%M} UTC.")
