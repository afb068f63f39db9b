"""Facts about the gateway itself that checks read."""

from __future__ import annotations

from typing import Any

from connectors.base.model import ConfigSnapshot, Service, Setting


def setting(snapshot: ConfigSnapshot, name: str) -> Setting | None:
    """The setting with this name; None when it was not read."""
    return next((entry for entry in snapshot.settings if entry.name == name), None)


def zone_setting(snapshot: ConfigSnapshot, zone: Service, name: str) -> Setting | None:
    """A setting of one Cloudflare zone; None when it was not read."""
    ref = f"zone:{zone.ref}:{name}"
    return next((entry for entry in snapshot.settings if entry.ref == ref), None)


def texts(value: Any) -> list[str]:
    """A setting's entries: a list as it is, text split at commas, null as none."""
    if value is None:
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(part) for part in value]
