"""`manage.py record CONNECTION --tenant NAME --out FILE`: what a vendor answers while its configuration is read."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.connections.documents import sections
from controlplane.connections.services import record_configuration
from tenants.errors import DomainError
from tenants.isolation.context import TenantRef, tenant_context
from tenants.orgs.queries import by_slug


class Command(BaseCommand):
    """Writes a new file that only its owner can read; the connection stays as it is."""

    help = "Write down, without secrets, what a vendor answers while a connection's configuration is read."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("connection", help="id of the connection, con_…")
        parser.add_argument("--tenant", required=True, help="short name of the workspace")
        parser.add_argument(
            "--out", required=True, type=Path, help="the file to write; it must not be there yet"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        try:
            org = by_slug(options["tenant"])
            descriptor = os.open(options["out"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except DomainError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                f"{options['out']} cannot be written ({error.strerror}). Nothing was read."
            ) from error
        with os.fdopen(descriptor, "wb") as file:
            try:
                with tenant_context(TenantRef(org.schema_name, org.slug, org.name)):
                    done = record_configuration(options["connection"], file)
            except DomainError as error:
                options["out"].unlink()
                raise CommandError(str(error)) from error
        told = ", ".join(
            f"{count} × {status or 'no answer'}" for status, count in sorted(done.statuses.items())
        )
        self.stdout.write(f"{options['out']}: {done.statuses.total()} exchanges ({told or 'none'}).")
        if done.error is not None:
            self.stdout.write(f"The reading failed, which is in the file: {done.error.sentence()}")
        for part in sections(done.snapshot) if done.snapshot else []:
            self.stdout.write(f"  {part['name']}: {part['completeness']} {part['reason']}".rstrip())
        self.stdout.write(
            "Secrets and e-mail addresses were replaced. Names of services, hosts and accounts were not: look into the "
            "file before you hand it on. Next: manage.py replay FILE"
        )
