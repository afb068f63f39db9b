"""Entries of Cloud Audit Logs' admin activity as changes; no project can switch that log off.

Sources: "Cloud Audit Logs" (AuditLog, operation.first and .last), "Understanding audit logs".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from connectors.base.capabilities import Cursor
from connectors.base.changes import AuthorKind, Channel, ConfigChange
from connectors.base.errors import VendorAnswerError
from connectors.base.google.logs import SECOND, LogSource, Window, cursor_of, micros, pages, window_of

#: How late an entry may be found after it was taken in.
_OVERLAP: Final = 300 * SECOND
_BACKFILL: Final = 30 * 86_400 * SECOND
_AUTOMATION: Final = re.compile(
    r"terraform|pulumi|ansible|config-connector|crossplane|deployment.?manager", re.I
)
_AGENT: Final = re.compile(r"^service-\d+@|@cloudservices\.gserviceaccount\.com$|@google\.com$")


def changes(
    source: LogSource, chosen: str, named: Callable[[str], str], cursor: Cursor, now: datetime
) -> Iterator[tuple[tuple[ConfigChange, ...], Cursor]]:
    """The changes that ``chosen`` selects, oldest first; at first those of the last thirty days.

    ``named`` makes what a ``ConfigSnapshot`` calls the object of Google's name of it. What was taken in during the last
    five minutes before the cursor is told again, under the same ``ref``.
    """
    until = int(cursor.get("until", micros(now) - _BACKFILL + _OVERLAP))
    window = window_of(cursor) or Window(until - _OVERLAP, micros(now))
    for entries, following in pages(source, chosen, window):
        told = (_change(entry, named, source.api.account) for entry in entries)
        found = tuple(change for change in told if change is not None)
        yield found, cursor_of(until, window.at(following)) if following else cursor_of(window.end, None)


def _change(record: bytes, named: Callable[[str], str], ours: str) -> ConfigChange | None:
    """One entry as a change; None for the end of an operation whose beginning is told already."""
    try:
        entry = orjson.loads(record)
        payload, at = entry["protoPayload"], datetime.fromisoformat(entry["timestamp"])
        method, identity = str(payload["methodName"]), str(entry["insertId"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise VendorAnswerError(
            "An entry of the audit log has no method, time or id.",
            unchanged="Nothing was stored of its page.",
        ) from None
    status = payload.get("status") or {}
    failed = bool(status.get("code"))
    operation = entry.get("operation") or {}
    if operation.get("last") and not operation.get("first") and not failed:
        return None
    name = named(str(payload.get("resourceName", "")))
    parts = name.split("/")
    who = payload.get("authenticationInfo") or {}
    caller = payload.get("requestMetadata") or {}
    author = str(who.get("principalEmail") or who.get("principalSubject") or "")
    agent = str(caller.get("callerSuppliedUserAgent") or "")
    return ConfigChange(
        ref=f"{entry['timestamp']}/{identity}",
        at=at.astimezone(UTC),
        action=method,
        object_kind=parts[-2] if len(parts) > 1 else method.split(".")[-2],
        object_ref=name or method,
        object_name=parts[-1],
        author=author,
        author_kind=AuthorKind.PORTCULLIS if author == ours else _author_kind(author),
        channel=_channel(agent),
        source_address=str(caller.get("callerIp") or ""),
        succeeded=not failed,
        evidence=_evidence(entry, payload, status),
    )


def _author_kind(author: str) -> AuthorKind:
    if not author:
        return AuthorKind.UNKNOWN
    if _AGENT.search(author):
        return AuthorKind.VENDOR
    if author.endswith("gserviceaccount.com") or "/workloadIdentityPools/" in author:
        return AuthorKind.SERVICE
    return AuthorKind.PERSON


def _channel(agent: str) -> Channel:
    """By the user agent the caller supplied: browsers are the console."""
    if not agent:
        return Channel.UNKNOWN
    if _AUTOMATION.search(agent):
        return Channel.AUTOMATION
    return Channel.CONSOLE if agent.startswith("Mozilla/") else Channel.API


def _evidence(
    entry: Mapping[str, Any], payload: Mapping[str, Any], status: Mapping[str, Any]
) -> dict[str, Any]:
    """The facts of an entry; neither the request nor the answer, which may hold what rules expect in headers."""
    kept = {
        name: payload[name]
        for name in ("methodName", "resourceName", "authenticationInfo", "requestMetadata", "serviceName")
        if name in payload
    }
    kept["authenticationInfo"] = {
        name: value
        for name, value in (payload.get("authenticationInfo") or {}).items()
        if name in ("principalEmail", "principalSubject", "serviceAccountDelegationInfo")
    }
    told = {
        "timestamp": entry["timestamp"],
        "insertId": entry["insertId"],
        "operation": entry.get("operation"),
    }
    return {**kept, **told, "status": dict(status)}
