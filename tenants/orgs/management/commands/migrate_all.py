"""`manage.py migrate_all`: the shared tables, the template, then every tenant that is behind."""

from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from tenants.orgs.provisioning import behind, migrate_platform, migrate_schema
from tenants.orgs.queries import all_tenants
from tenants.orgs.services import remove_unfinished

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    """Migrates; a tenant that fails is listed and the others go on. Safe to repeat and to interrupt."""

    help = "Migrate the shared tables, the template schema and every tenant."
    # The checks read every app's routes; migrating must work while one of them does not.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        migrate_platform()
        remove_unfinished()
        todo = behind(org.schema_name for org in all_tenants(status=None))
        failed = []
        for schema in todo:
            try:
                migrate_schema(schema)
            except Error as error:
                log.exception("migration failed", schema=schema)
                failed.append(f"{schema}: {error}")
        self.stdout.write(f"Migrated {len(todo) - len(failed)} of {len(todo)} tenants that were behind.")
        if failed:
            lines = "\n".join(failed)
            raise CommandError(f"These tenants stay on the old schema; run the command again:\n{lines}")
