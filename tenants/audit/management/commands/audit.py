"""`manage.py audit`: verify the trails, print the public key, accept a trail that was restored from a backup."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tenants.audit.queries import Verification, verify, verifying_key
from tenants.audit.signing import TrailChanged, accept_restored, sign_head
from tenants.isolation.context import TenantRef, tenant_context
from tenants.orgs.queries import all_tenants, by_slug
from tenants.orgs.types import OrgInfo, Status


class Command(BaseCommand):
    """Names each workspace whose trail does not hold, with the first entry that is wrong; exits with an error then."""

    help = "Verify the audit trail, print the key its heads are signed with, accept a restored trail."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("action", choices=["verify", "key", "accept-restored"])
        parser.add_argument("--tenant", default="", help="short name of one workspace; all without it")
        parser.add_argument("--reason", default="", help="why the trail was put back (accept-restored)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if options["action"] == "key":
            key = verifying_key()
            self.stdout.write(f"Key {key.id} (Ed25519)\n{key.pem}")
        elif options["action"] == "accept-restored":
            self._accept(options["tenant"], options["reason"])
        else:
            self._verify(options["tenant"])

    def _verify(self, slug: str) -> None:
        broken = []
        for org in self._tenants(slug):
            began = time.perf_counter()
            with tenant_context(TenantRef(org.schema_name, org.slug, org.name)):
                result = verify()
                if not result.fault:
                    sign_head(timezone.now())
            seconds = time.perf_counter() - began
            self.stdout.write(
                f"{org.slug}: {result.checked} entries hold ({seconds:.1f} s). {_signed(result)}"
            )
            for head in result.restored:
                self.stdout.write(
                    f"{org.slug}: put back to entry {head.sequence} at {head.at}: {head.reason}"
                )
            if result.fault:
                broken.append(f"{org.slug}: entry {result.sequence}: {result.fault}")
        if broken:
            raise CommandError("\n".join(broken))

    def _accept(self, slug: str, reason: str) -> None:
        if not slug or not reason:
            raise CommandError("Name the workspace (--tenant) and say why (--reason). Nothing was signed.")
        org = by_slug(slug)
        try:
            with tenant_context(TenantRef(org.schema_name, org.slug, org.name)):
                head = accept_restored(timezone.now(), reason)
        except TrailChanged as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{slug}: signed as restored up to entry {head.sequence}.")

    def _tenants(self, slug: str) -> list[OrgInfo]:
        if slug:
            return [by_slug(slug)]
        return [
            org for org in all_tenants(status=None) if org.status not in (Status.CREATING, Status.DELETING)
        ]


def _signed(result: Verification) -> str:
    if result.signed is None:
        return "Nothing was signed before."
    return f"Entry {result.signed.sequence} was signed at {result.signed.at}."
