"""`manage.py audit verify`: recompute every tenant's chain."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit.queries import verify
from tenants.isolation.context import tenant_context
from tenants.orgs.queries import all_tenants


class Command(BaseCommand):
    """Verifies and names each tenant whose chain does not hold."""

    help = "Verify the audit trail."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("action", choices=["verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; exits with an error when a chain is broken."""
        broken = []
        for org in all_tenants(status=None):
            with tenant_context(org.schema_name):
                result = verify()
            self.stdout.write(f"{org.slug}: {result.checked} entries hold.")
            if result.fault:
                broken.append(f"{org.slug}: entry {result.sequence}: {result.fault}")
        if broken:
            raise CommandError("\n".join(broken))
