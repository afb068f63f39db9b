"""`manage.py migrate_all`: the shared tables, the template, then every tenant that is behind."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.orgs.provisioning import migrate_platform
from tenants.orgs.queries import versions
from tenants.orgs.removal import sweep
from tenants.orgs.rollout import roll_out


class Command(BaseCommand):
    """Migrates; a tenant that fails is listed and the others go on. Safe to repeat, to interrupt and to kill."""

    help = "Migrate the shared tables, the template schema and every tenant."
    # The checks read every app's routes; migrating must work while one of them does not.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--list", action="store_true", help="show each tenant's version; migrate nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if options["list"]:
            for row in versions():
                self.stdout.write(f"{row.slug:40} {row.schema_name}  {row.state:8} {row.problem}")
            return
        began = time.monotonic()
        migrate_platform()
        sweep()
        outcome = roll_out(self._progress if options["verbosity"] > 1 else lambda schema, problem: None)
        seconds = time.monotonic() - began
        self.stdout.write(f"Migrated {len(outcome.migrated)} tenants in {seconds:.1f} s.")
        if outcome.newer:
            self.stdout.write(
                f"{len(outcome.newer)} tenants are newer than this version; they were left alone."
            )
        if outcome.failed:
            lines = "\n".join(f"{schema}: {reason}" for schema, reason in sorted(outcome.failed.items()))
            raise CommandError(
                f"{len(outcome.failed)} tenants stay on the old schema and answer 503 until it works; the others"
                f" are served. Mend the cause and run the command again:\n{lines}"
            )

    def _progress(self, schema: str, problem: str) -> None:
        self.stdout.write(f"{schema} {problem or 'ok'}")
