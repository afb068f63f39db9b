"""Who changed what: Kong Enterprise's audit log of Admin API requests. Open-source Kong keeps none.

Source: Kong Gateway Enterprise "Audit logs" and Admin API ``GET /audit/requests`` (newest first, kept
``audit_log_record_ttl``, 30 days unless changed). ``GET /`` tells whether ``audit_log`` is on: when it is off the list
is empty, which would look like nobody changing anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from connectors.base.capabilities import Cursor
from connectors.base.changes import AuthorKind, Channel, ConfigChange
from connectors.base.errors import SettingsError, VendorAnswerError
from connectors.egress import Egress
from connectors.kong.client import AdminApi
from connectors.kong.form import KongSettings
from connectors.kong.manifest import COLLECTIONS
from connectors.kong.opening import opened

#: Seconds read again: Kong writes an entry when its request has ended, and nodes' clocks differ.
OVERLAP: Final = 300
#: Seconds the first read goes back.
BACKFILL: Final = 7 * 86_400
#: The user that our set-up text makes for us.
OWN_USER: Final = "portcullis"
#: So many entries in falling order show that the list is in that order.
_ORDERED: Final = 50
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Changes:
    """The read-audit-trail capability."""

    def __init__(self, settings: KongSettings, egress: Egress) -> None:
        self._settings, self._egress = settings, egress

    def read_changes(self, cursor: Cursor) -> Iterator[tuple[tuple[ConfigChange, ...], Cursor]]:
        """One page with everything since the cursor (``{"until": epoch seconds}``), oldest first.

        Raises ``SettingsError`` when this Kong keeps no audit trail.
        """
        if self._settings.in_konnect:
            raise SettingsError(
                "Konnect sends its audit log to a webhook and has no list to read. Who changed what is therefore unknown."
            )
        configuration = AdminApi(self._settings, self._egress).node().get("configuration")
        if not isinstance(configuration, Mapping) or not configuration.get("audit_log"):
            raise SettingsError(
                "This Kong keeps no audit trail: open-source Kong has none, and in Kong Enterprise audit_log is off. "
                "Who changed what is therefore unknown.",
                action="With Kong Enterprise, set audit_log = on in kong.conf.",
            )
        until = int(cursor.get("until") or time.time() - BACKFILL)
        places = opened(self._settings, self._egress)
        found = {_ref(entry): entry for api in places for entry in _since(api, until - OVERLAP)}
        entries = list(found.values())
        entries.reverse()  # what happened in one second keeps its order
        entries.sort(key=_seconds)
        names = frozenset(api.workspace for api in places)
        changes = [change for entry in entries if (change := _change(entry, names)) is not None]
        reached = max([until, *(_seconds(entry) for entry in entries)])
        yield tuple(changes), {"until": reached}


def _since(api: AdminApi, floor: int) -> Iterator[dict[str, Any]]:
    """Entries of that moment or later. Releases that list in another order are read to the end."""
    previous, falling = 2**62, 0
    for entry in api.entities("audit/requests"):
        at = _seconds(entry)
        falling = falling + 1 if at <= previous and falling >= 0 else -1
        previous = at
        if at >= floor:
            yield entry
        elif falling > _ORDERED:
            return


def _seconds(entry: Mapping[str, Any]) -> int:
    at = entry.get("request_timestamp")
    if not isinstance(at, int | float):
        raise VendorAnswerError("Kong's answer to GET /audit/requests has an entry without its time.")
    return int(at)


def _ref(entry: Mapping[str, Any]) -> str:
    """What tells an entry that several workspaces list from another."""
    return str(entry.get("request_id") or orjson.dumps(entry, option=orjson.OPT_SORT_KEYS))


def _change(entry: Mapping[str, Any], workspaces: frozenset[str]) -> ConfigChange | None:
    """The change an entry tells; None when it only read, or concerns what we do not read."""
    method = str(entry.get("method") or "")
    steps = [step for step in str(entry.get("path") or "").partition("?")[0].split("/") if step]
    if steps and steps[0] in workspaces:
        steps = steps[1:]
    if method not in _WRITES or not steps or steps[0] not in COLLECTIONS:
        return None
    given = _given(entry.get("payload"))
    collection, key, path = _object(steps)
    name = str(given.get("name") or given.get("username") or "")
    user, by_hand = str(entry.get("rbac_user_name") or ""), entry.get("request_source") == "kong-manager"
    kind = AuthorKind.PERSON if by_hand else AuthorKind.UNKNOWN
    return ConfigChange(
        ref=str(entry.get("request_id") or ""),
        at=datetime.fromtimestamp(_seconds(entry), UTC),
        action=f"{method} /{collection}",
        object_kind=collection.removesuffix("s"),
        object_ref=key or str(given.get("id") or name or path),
        object_name=name,
        author=user or str(entry.get("rbac_user_id") or ""),
        author_kind=AuthorKind.PORTCULLIS if user == OWN_USER else kind,
        channel=Channel.CONSOLE if by_hand else Channel.API,
        source_address=str(entry.get("client_ip") or ""),
        succeeded=int(entry.get("status") or 0) < 400,
        evidence={
            **{
                field: entry[field]
                for field in ("request_id", "status", "rbac_user_id", "request_source", "workspace")
                if entry.get(field) is not None
            },
            "method": method,
            "path": f"/{path}",
            "given": sorted(given)[:50],
        },
    )


def _object(steps: list[str]) -> tuple[str, str, str]:
    """Collection, key ("" when Kong chose it) and path of the object. Credentials of a consumer are the consumer's:
    what stands after their kind may be the credential itself, and is left out.
    """
    if len(steps) > 2 and steps[2] in COLLECTIONS:
        return steps[2], steps[3] if len(steps) > 3 else "", "/".join(steps[:4])
    return steps[0], steps[1] if len(steps) > 1 else "", "/".join(steps[:3])


def _given(payload: Any) -> dict[str, Any]:
    """The request's body, of which only names are kept."""
    try:
        found = orjson.loads(payload) if isinstance(payload, str) else {}
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
