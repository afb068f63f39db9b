"""Test the two permissions that are needed, each by one small request. Writing is neither needed nor tried."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, PermissionMissing, SettingsError
from connectors.bucket.manifest import LIST, MANIFEST, READ
from connectors.bucket.policy import azure_commands, google_commands, policy_document
from connectors.bucket.prefixes import fixed_part, prefixes_between
from connectors.bucket.provider import store_of
from connectors.bucket.stores import ObjectUnread, Store, StoredObject

if TYPE_CHECKING:
    from connectors.bucket.manifest import BucketSettings
    from connectors.egress import Egress

_PURPOSES: Final = {need.action: need.purpose for need in MANIFEST.permissions}
_NOBODY: Final = "portcullis-access-check"


class Access:
    """Lists every prefix and reads one byte of one object."""

    def __init__(
        self,
        settings: BucketSettings,
        egress: Egress,
        *,
        store: Store | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._store = store or store_of(settings, egress)
        self._clock = clock

    def check(self) -> list[Permission]:
        """Both permissions. Wrong credentials or a wrong bucket raise; a refusal is a row, no network is unknown."""
        listing, found = self._listing()
        return [listing, self._reading(found, listed=listing.grant is Grant.GRANTED)]

    def _listing(self) -> tuple[Permission, StoredObject | None]:
        found: StoredObject | None = None
        for template in self._settings.prefixes:
            today = next(prefixes_between(template, self._clock(), self._clock()))
            try:
                page = next(self._store.objects(today), [])
            except PermissionMissing as error:
                return self._row(LIST, Grant.DENIED, f"{error.what} Missing: {error.missing}."), found
            except SettingsError:
                raise
            except ConnectorError as error:
                return self._row(LIST, Grant.UNKNOWN, error.what), found
            found = found or next((entry for entry in page if entry.size), None)
        return self._row(LIST, Grant.GRANTED, self._ends()), found

    def _reading(self, found: StoredObject | None, *, listed: bool) -> Permission:
        try:
            if found is not None:
                self._store.read(found, 0, 1)
            else:
                self._store.probe(fixed_part(self._settings.prefixes[0]) + _NOBODY)
        except PermissionMissing as error:
            if found is None and self._settings.provider != "azure":
                # S3 does not tell that there is no such object to those who may only list prefixes, or nothing.
                why = (
                    "There is no log file yet to try it on."
                    if listed
                    else "It cannot be told without listing."
                )
                return self._row(READ, Grant.UNKNOWN, why)
            return self._row(READ, Grant.DENIED, f"{error.what} Missing: {error.missing}.")
        except ObjectUnread as unread:
            return self._row(READ, Grant.UNKNOWN, f"The object that was tried: {unread.reason}.")
        except ConnectorError as error:
            return self._row(READ, Grant.UNKNOWN, error.what)
        return self._row(READ, Grant.GRANTED)

    def _row(self, action: str, grant: Grant, detail: str = "") -> Permission:
        fix = "" if grant is Grant.GRANTED else self._fix()
        return Permission(action, _PURPOSES[action], "read", grant, detail, fix)

    def _fix(self) -> str:
        settings = self._settings
        if settings.provider == "gcs":
            return f"Grant the service account the role:\n{google_commands(settings.bucket)}"
        if settings.provider == "azure":
            return f"Make a new token with read and list:\n{azure_commands(settings.bucket)}"
        policy = json.dumps(policy_document(settings.bucket, settings.prefixes), indent=2)
        return f"Policy of the user whose key it is:\n{policy}"

    def _ends(self) -> str:
        """Until when a token is valid, and whether it allows more than is needed."""
        if self._settings.sas_token is None:
            return ""
        told = {
            name: values[0] for name, values in parse_qs(self._settings.sas_token.get_secret_value()).items()
        }
        more = "".join(letter for letter in told.get("sp", "") if letter not in "rl")
        wide = f" It allows more than is needed ({more}): make one with rl." if more else ""
        try:
            end = datetime.fromisoformat(told["se"])
        except (KeyError, ValueError):
            return wide.strip()
        return f"The token ends on {end:%Y-%m-%d %H:%M} UTC.{wide}"
