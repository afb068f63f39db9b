"""`manage.py vault`: which keys there are, and their rotation while everything runs."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from tenants.errors import DomainError
from tenants.isolation.context import TenantRef, tenant_context
from tenants.orgs.queries import all_tenants, by_slug
from tenants.orgs.types import OrgInfo, Status
from tenants.vault import rotation
from tenants.vault.datakeys import current_root
from tenants.vault.installation import outdated_installation_secrets, rewrap_installation_secrets


class Command(BaseCommand):
    """Works tenant by tenant; one that fails is named, the others go on. Run it again to go on."""

    help = "Show keys (status), wrap them with a new root key, replace a workspace's data keys, seal values again."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("action", choices=["status", "rotate-root", "rotate-data", "reseal"])
        parser.add_argument("--tenant", default="", help="short name of one workspace; all without it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; exits with an error when a workspace could not be done."""
        action = {
            "status": self._status,
            "rotate-root": self._rotate_root,
            "rotate-data": self._rotate_data,
            "reseal": self._reseal,
        }[options["action"]]
        self._say(f"Root key: {self._root()}")
        began, done, failed = time.monotonic(), 0, []
        for org in self._tenants(options["tenant"]):
            try:
                with tenant_context(TenantRef(org.schema_name, org.slug, org.name)):
                    done += action(org)
            except (DomainError, DatabaseError) as error:
                failed.append(f"{org.slug}: {error}")
                self.stderr.write(failed[-1])
        if options["action"] == "rotate-root":
            self._say(f"{rewrap_installation_secrets()} secrets of the installation wrapped again.")
        elif options["action"] == "status":
            left = outdated_installation_secrets()
            self._say(f"Secrets of the installation under another root key: {left}.")
        if options["action"] != "status":
            self._say(f"Done: {done} in {time.monotonic() - began:.1f} s.")
        if failed:
            raise CommandError(
                f"{len(failed)} workspaces could not be done; nothing of theirs is lost. Run it again."
            )

    def _status(self, org: OrgInfo) -> int:
        keys, outdated = rotation.states(), rotation.outdated_keys()
        if not keys:
            self._say(f"{org.slug}: no keys yet.")
            return 0
        shown = ", ".join(
            f"version {key.version} of {key.created_at:%Y-%m-%d} seals {key.values}" for key in keys
        )
        self._say(f"{org.slug}: {shown}; under another root key: {outdated}.")
        return len(keys)

    def _rotate_root(self, org: OrgInfo) -> int:
        changed = rotation.rewrap()
        if changed:
            self._say(f"{org.slug}: {changed} keys wrapped again.")
        return changed

    def _rotate_data(self, org: OrgInfo) -> int:
        version = rotation.rotate_data(reason="manage.py vault rotate-data")
        self._say(f"{org.slug}: data key {version} seals from now on.")
        return self._reseal(org)

    def _reseal(self, org: OrgInfo) -> int:
        with self._progress(org.slug) as progress:
            result = rotation.reseal(progress)
        gone = rotation.destroy_retired(timezone.now())
        left = [key.version for key in rotation.states()[:-1]]
        self._say(
            f"{org.slug}: {result.done} values sealed again, {result.unreadable} cannot be opened; "
            f"data keys destroyed: {gone or 'none'}, still kept: {left or 'none'}."
        )
        return result.done

    @contextmanager
    def _progress(self, slug: str) -> Iterator[rotation.Progress]:
        began = said = time.monotonic()

        def progress(done: int) -> None:
            nonlocal said
            now = time.monotonic()
            if now - said >= 5:
                said = now
                self._say(f"{slug}: {done} values, {done / (now - began):.0f}/s")

        yield progress

    def _tenants(self, slug: str) -> list[OrgInfo]:
        if slug:
            return [by_slug(slug)]
        return [
            org for org in all_tenants(status=None) if org.status not in (Status.CREATING, Status.DELETING)
        ]

    @staticmethod
    def _root() -> str:
        try:
            return current_root()
        except DomainError as error:
            raise CommandError(str(error)) from None

    def _say(self, text: str) -> None:
        self.stdout.write(text)
