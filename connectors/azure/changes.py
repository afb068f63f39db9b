"""Who changed what: the activity log of the subscriptions, as far as it concerns what we read.

Source: Azure Monitor "Activity Logs - List" (``eventtypes/management/values``, 90 days, newest first) and "Azure Activity
Log event schema". One operation leaves several entries (Started, Accepted, Succeeded); the one that ended it is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.azure.client import Arm
from connectors.azure.manifest import AzureSettings
from connectors.azure.parts import Document, picked, ref_of
from connectors.base.capabilities import Cursor
from connectors.base.changes import AuthorKind, Channel, ConfigChange
from connectors.base.clock import wall_clock
from connectors.base.errors import VendorAnswerError
from connectors.base.identity import Identity
from connectors.egress import Egress

#: Entries appear late; what is told twice has the same ``ref``.
OVERLAP: Final = timedelta(hours=1)
#: How far back the first read goes. Azure keeps 90 days.
BACKFILL: Final = timedelta(days=30)
_SLICE: Final = timedelta(days=5)
_PROVIDERS: Final = ("Microsoft.Cdn", "Microsoft.Network", "Microsoft.ApiManagement", "Microsoft.Insights")
_KINDS: Final = (
    "microsoft.cdn/profiles", "microsoft.network/frontdoor", "microsoft.network/applicationgateway",
    "microsoft.apimanagement/service", "microsoft.insights/diagnosticsettings",
)  # fmt: skip
#: Actions that change nothing: ``listSecrets``, ``backendhealth``, ``checkResourceUsage`` …
_ASKS: Final = re.compile(r"/(list|get|check|query|validate|backendhealth|effective)[^/]*/action$")
_ENDED: Final = {"succeeded": True, "failed": False, "canceled": False}
#: First-party applications by their public ids: the portal, the command line, PowerShell.
_CHANNELS: Final = {
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c": Channel.CONSOLE,
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": Channel.API,
    "1950a258-227b-4e31-a9cf-717495945fc2": Channel.API,
}


class Changes:
    """The read-changes capability."""

    def __init__(
        self,
        settings: AzureSettings,
        egress: Egress,
        identity: Identity | None = None,
        *,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self._subscriptions, self._ours = settings.subscriptions, settings.client_id.lower()
        self._arm, self._clock = Arm(settings, egress, identity), clock

    def read_changes(self, cursor: Cursor) -> Iterator[tuple[tuple[ConfigChange, ...], Cursor]]:
        """Changes by slices of days, oldest first, each page with the cursor that is true once it is stored."""
        if not self._subscriptions:
            return
        reached = cursor.get("until")
        start = datetime.fromisoformat(reached) - OVERLAP if reached else self._clock() - BACKFILL
        ended = False
        while not ended:
            stop = start + _SLICE
            found = [
                change
                for subscription in self._subscriptions
                for provider in _PROVIDERS
                for change in self._slice(subscription, provider, start, stop)
            ]
            now = self._now()
            ended, stop = stop >= now, min(stop, now)
            if found or ended:
                found.sort(key=lambda change: (change.at, change.ref))
                yield tuple(found), {"until": stop.isoformat()}
            start = stop

    def _now(self) -> datetime:
        """What time it is at Azure, which dates the entries: a clock of ours that is ahead would pass over them."""
        answered = self._arm.answered
        return self._clock() if answered is None else datetime.fromtimestamp(answered, UTC)

    def _slice(
        self, subscription: str, provider: str, start: datetime, stop: datetime
    ) -> Iterator[ConfigChange]:
        path = f"/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
        between = f"eventTimestamp ge '{_time(start)}' and eventTimestamp le '{_time(stop)}'"
        query = {"$filter": f"{between} and resourceProvider eq '{provider}'"}
        for entry in self._arm.items(path, **query):
            if _concerns(entry):
                yield _change(entry, self._ours)


def _concerns(entry: Document) -> bool:
    """Whether an entry ended an operation that changed something we read."""
    action = _value(entry, "operationName").lower()
    ended = _value(entry, "status").lower() in _ENDED
    return ended and action.startswith(_KINDS) and not _ASKS.search(action)


def _change(entry: Document, ours: str) -> ConfigChange:
    """One entry; ``ours`` is the application (client) id that this connection signs in with."""
    action, resource = _value(entry, "operationName"), ref_of(entry.get("resourceId"))
    ref, at = entry.get("eventDataId"), entry.get("eventTimestamp")
    if not isinstance(ref, str) or not isinstance(at, str):
        raise VendorAnswerError("An entry of Azure's activity log has no id or no time.")
    author = str(entry.get("caller") or "")
    claims = entry.get("claims") if isinstance(entry.get("claims"), Mapping) else {}
    own = str((claims or {}).get("appid") or "").lower() == ours
    http = entry.get("httpRequest") if isinstance(entry.get("httpRequest"), Mapping) else {}
    return ConfigChange(
        ref=ref,
        at=_read_time(at),
        action=action,
        object_kind=action.rpartition("/")[0].lower(),
        object_ref=resource or action,
        object_name=resource.rpartition("/")[2],
        author=author,
        author_kind=AuthorKind.PORTCULLIS if own else _author_kind(author),
        channel=_channel(author, claims or {}),
        source_address=str((http or {}).get("clientIpAddress") or (claims or {}).get("ipaddr") or ""),
        succeeded=_ENDED[_value(entry, "status").lower()],
        evidence=_evidence(entry, http or {}),
    )


def _author_kind(author: str) -> AuthorKind:
    if "@" in author:
        return AuthorKind.PERSON
    if author.lower().startswith("microsoft."):
        return AuthorKind.VENDOR
    return AuthorKind.SERVICE if author else AuthorKind.UNKNOWN


def _channel(author: str, claims: Mapping[str, Any]) -> Channel:
    known = _CHANNELS.get(str(claims.get("appid") or "").lower())
    if known is not None:
        return known
    return Channel.API if _author_kind(author) is AuthorKind.SERVICE else Channel.UNKNOWN


def _evidence(entry: Document, http: Mapping[str, Any]) -> dict[str, Any]:
    """Without claims, which hold tokens' contents, and without properties, which hold request bodies."""
    names = ("eventDataId", "eventTimestamp", "correlationId", "caller", "channels", "resourceId", "level")
    said = {name: _value(entry, name) for name in ("operationName", "status", "subStatus")}
    told = {name: value for name, value in said.items() if value}
    return {**picked(entry, names), **told, "httpRequest": picked(http, ("clientIpAddress", "method"))}


def _value(entry: Document, name: str) -> str:
    """Localisable members are objects with a value."""
    held = entry.get(name)
    return str((held.get("value") if isinstance(held, Mapping) else held) or "")


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _read_time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise VendorAnswerError("An entry of Azure's activity log has no readable time.") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
