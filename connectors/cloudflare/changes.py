"""The account's audit log, version 2, as changes: who changed what in zones, rules, lists and API Shield.

Source: typed SDK ``cloudflare`` 5.9 (accounts.logs.audit), "Audit Logs v2". Entries come a little late, so the last
minutes are read again each time; an entry read twice has the same ``ref``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.base.capabilities import Cursor
from connectors.base.changes import AuthorKind, Channel, ConfigChange
from connectors.base.clock import wall_clock
from connectors.base.columns import made_id
from connectors.base.errors import RefusedError, SettingsError, VendorAnswerError
from connectors.cloudflare.client import ApiV4, Document
from connectors.cloudflare.manifest import CloudflareSettings
from connectors.cloudflare.own_token import verified
from connectors.cloudflare.permissions import AUDIT
from connectors.egress import Egress

PER_PAGE: Final = 500
OVERLAP: Final = timedelta(minutes=15)
#: How far back the first read goes; Cloudflare keeps 18 months.
BACKFILL: Final = timedelta(days=30)

_CHANNELS: Final = {
    "dash": Channel.CONSOLE,
    "api": Channel.API,
    "api_key": Channel.API,
    "api_token": Channel.API,
    "oauth": Channel.API,
    "origin_ca_key": Channel.API,
}
_AUTHORS: Final = {
    "user": AuthorKind.PERSON,
    "account": AuthorKind.SERVICE,
    "system": AuthorKind.VENDOR,
    "cloudflare_admin": AuthorKind.VENDOR,
    "delegated_service": AuthorKind.VENDOR,
}
_PIPELINES: Final = ("terraform", "pulumi", "cloudflare-operator")
_RULES: Final = ("ruleset", "waf", "firewall")


class Changes:
    """The read-audit-trail capability."""

    def __init__(
        self,
        settings: CloudflareSettings,
        egress: Egress,
        *,
        clock: Callable[[], datetime] = wall_clock,
        per_page: int = PER_PAGE,
    ) -> None:
        self._api = ApiV4(settings, egress)
        self._clock = clock
        self._per_page = per_page

    def read_changes(self, cursor: Cursor) -> Iterator[tuple[tuple[ConfigChange, ...], Cursor]]:
        """Entries oldest first, page by page, with the cursor that is true once the page is stored."""
        now = self._clock()
        told = cursor.get("told_until")
        since = datetime.fromisoformat(str(told)) - OVERLAP if told else now - BACKFILL
        query = {
            "since": _written(since),
            "before": _written(now + timedelta(minutes=1)),
            "direction": "asc",
            "limit": self._per_page,
        }
        own = _own_token(self._api)
        path, following = f"/accounts/{self._api.account}/logs/audit", ""
        until = datetime.fromisoformat(str(told)) if told else since
        while True:
            entries, following = self._api.after(path, AUDIT, query, following)
            changes = tuple(_change(entry, own) for entry in entries if not _is_reading(entry))
            until = max([until, *(_time(entry) for entry in entries)])
            if changes or not following:
                yield changes, {"told_until": _written(until)}
            if not following:
                return


def _is_reading(entry: Document) -> bool:
    return str(_part(entry, "action").get("type")) == "view"


def _own_token(api: ApiV4) -> str:
    """The id of the token we present; "" when Cloudflare does not tell it, which leaves only our mark unknown."""
    try:
        return str(verified(api).get("id") or "")
    except (SettingsError, RefusedError):
        return ""


def _change(entry: Document, own: str) -> ConfigChange:
    action, actor, resource = _part(entry, "action"), _part(entry, "actor"), _part(entry, "resource")
    raw, zone = _part(entry, "raw"), _part(entry, "zone")
    kind = str(resource.get("product") or resource.get("type") or "unknown")
    return ConfigChange(
        ref=str(entry.get("id") or made_id(*sorted(entry.items()))),
        at=_time(entry),
        action=str(action.get("type") or action.get("description") or "unknown"),
        object_kind=kind,
        object_ref=_object_ref(kind, str(resource.get("id") or ""), str(zone.get("id") or ""), raw),
        object_name=str(zone.get("name") or ""),
        author=str(actor.get("email") or actor.get("token_name") or actor.get("id") or ""),
        author_kind=_author_kind(actor, own),
        channel=_channel(actor, raw),
        source_address=str(actor.get("ip_address") or ""),
        succeeded=str(action.get("result")) != "failure",
        evidence={
            "action": {name: action.get(name) for name in ("type", "description", "result", "time")},
            "actor": {name: actor.get(name) for name in ("type", "context", "token_name")},
            "resource": {name: resource.get(name) for name in ("id", "product", "type", "scope")},
            "request": {name: raw.get(name) for name in ("method", "uri", "status_code", "cf_ray_id")},
        },
    )


def _author_kind(actor: Mapping[str, Any], own: str) -> AuthorKind:
    if own and actor.get("token_id") == own:
        return AuthorKind.PORTCULLIS
    return _AUTHORS.get(str(actor.get("type")), AuthorKind.UNKNOWN)


def _object_ref(kind: str, resource_id: str, zone_id: str, raw: Mapping[str, Any]) -> str:
    """Rules belong to the zone's policy, settings to the zone; operations keep their id, as the snapshot does."""
    if zone_id and any(word in kind for word in _RULES):
        return f"waf:{zone_id}"
    if zone_id and kind in ("zones", "zone_settings"):
        return zone_id
    return resource_id or zone_id or str(raw.get("uri") or "unknown")


def _channel(actor: Mapping[str, Any], raw: Mapping[str, Any]) -> Channel:
    agent = str(raw.get("user_agent") or "").lower()
    if any(name in agent for name in _PIPELINES) or actor.get("type") == "system":
        return Channel.AUTOMATION
    return _CHANNELS.get(str(actor.get("context")), Channel.UNKNOWN)


def _part(entry: Document, name: str) -> Mapping[str, Any]:
    part = entry.get(name)
    return part if isinstance(part, Mapping) else {}


def _time(entry: Document) -> datetime:
    text = str(_part(entry, "action").get("time") or "")
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise VendorAnswerError("An entry of Cloudflare's audit log has no readable time.") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
