"""Test what the token may do, permission by permission, without changing anything.

Writes are told by asking to change an object that cannot exist: Cloudflare decides on the permission (403) before it
looks for the object (404).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import (
    ConnectorError,
    PermissionMissing,
)
from connectors.base.manifest import PermissionNeed
from connectors.cloudflare.client import Absent, ApiV4, PlanRefused
from connectors.cloudflare.events import event_window, events_query
from connectors.cloudflare.manifest import CloudflareSettings
from connectors.cloudflare.own_token import verified
from connectors.cloudflare.permissions import ANALYTICS, PROBES, READ, WRITE, ZONE
from connectors.cloudflare.zones import Zone, read_zones
from connectors.egress import Egress

_ACTIVE = "API token is active"
_NONE = "The connection has no API token: it only receives what Logpush sends."
_ENTER = "Enter an API token and the account id to read the configuration and to block."


class Access:
    """The check-access capability."""

    def __init__(self, settings: CloudflareSettings, egress: Egress) -> None:
        self._settings = settings
        self._api = ApiV4(settings, egress)

    def check(self) -> list[Permission]:
        """Whether the token is active, and every permission of the manifest.

        Without a token, which receiving Logpush does not need, all of it is unknown. Raises ``SettingsError`` when the
        token is refused everywhere, ``TransientError`` when Cloudflare cannot be reached: then no single permission
        can be told.
        """
        if not self._settings.has_token:
            return [_row(need, Grant.UNKNOWN, _NONE, _ENTER) for need in (*READ, *WRITE)]
        found = [self._token()]
        zone: Zone | None = None
        denied = ""
        try:
            zone = next(iter(read_zones(self._api, self._settings.zones).chosen), None)
        except PermissionMissing as error:
            denied = error.what
        needs = (*READ, *WRITE)
        return [*found, *(self._tested(need, zone, denied) for need in needs)]

    def _token(self) -> Permission:
        purpose = "know that the token was not disabled and has not expired"
        try:
            status = str(verified(self._api).get("status") or "unknown")
        except PermissionMissing as error:
            return Permission(_ACTIVE, purpose, "read", Grant.UNKNOWN, error.what)
        grant = Grant.GRANTED if status == "active" else Grant.DENIED
        return Permission(_ACTIVE, purpose, "read", grant, f"Cloudflare calls the token {status}.")

    def _tested(self, need: PermissionNeed, zone: Zone | None, denied: str) -> Permission:
        if need.action == ZONE and denied:
            return _row(need, Grant.DENIED, denied, f"Add the permission “{ZONE}” to the token.")
        if need.action != ANALYTICS and PROBES[need.action].account:
            return self._probed(need, "")
        if zone is None:
            reason = denied or "The token sees none of the zones, so it could not be tested."
            return _row(need, Grant.UNKNOWN, reason, "Let the token cover the zones, and check their names.")
        return self._probed(need, zone.id)

    def _probed(self, need: PermissionNeed, zone_id: str) -> Permission:
        try:
            self._ask(need.action, zone_id)
        except PlanRefused as error:
            return _row(need, Grant.UNKNOWN, error.what, error.action)
        except PermissionMissing as error:
            return _row(need, Grant.DENIED, error.what, error.action)
        except Absent as error:
            if need.access == "write":  # the object that cannot exist was looked for: the permission is there
                return _row(need, Grant.GRANTED, "A change of an object that does not exist was let through.")
            return _row(need, Grant.UNKNOWN, error.what, error.action)
        except ConnectorError as error:
            return _row(need, Grant.UNKNOWN, error.sentence(), "Run the check again.")
        return _row(need, Grant.GRANTED)

    def _ask(self, action: str, zone_id: str) -> None:
        now = datetime.now(UTC)
        if action == ANALYTICS:
            window = event_window(zone_id, now - timedelta(minutes=5), now)
            self._api.graphql(events_query(1), window, action)
            return
        probe = PROBES[action]
        hour = now - timedelta(hours=1)
        path = probe.path.format(
            zone=zone_id,
            account=self._api.account,
            since=f"{hour:%Y-%m-%dT%H:%M:%SZ}",
            before=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        )
        if probe.method == "GET":
            self._api.one(path, action)
        else:
            self._api.write(probe.method, path, action, {"description": "portcullis permission check"})


def _row(need: PermissionNeed, grant: Grant, detail: str = "", fix: str = "") -> Permission:
    return Permission(need.action, need.purpose, need.access, grant, detail, fix)
