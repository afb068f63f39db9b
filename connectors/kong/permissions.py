"""How a permission is tried: ask for what needs it, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, SettingsError
from connectors.kong.client import AdminApi
from connectors.kong.manifest import COLLECTIONS


def tried(action: str, purpose: str, ask: Callable[[], object], detail: str = "") -> Permission:
    """A read: granted when ``ask`` gets its answer, denied with the fix when it is refused, else unknown."""
    try:
        ask()
    except SettingsError as error:
        return denied(action, purpose, "read", error)
    except ConnectorError as error:
        return Permission(action, purpose, "read", Grant.UNKNOWN, error.sentence(), "Run the check again.")
    return Permission(action, purpose, "read", Grant.GRANTED, detail)


def denied(action: str, purpose: str, access: str, error: SettingsError) -> Permission:
    """A refusal in Kong's words, with what to do."""
    return Permission(action, purpose, access, Grant.DENIED, error.what, error.action)


def collections(api: AdminApi, before: str) -> list[Permission]:
    """Each collection of entities, asked for one entity; ``before`` stands before its name in the action."""
    return [
        tried(f"{before}{name}", purpose, lambda n=name: next(iter(api.entities(n, size=1)), None))  # type: ignore[misc]
        for name, purpose in COLLECTIONS.items()
    ]
