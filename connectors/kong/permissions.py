"""How a permission is tried: ask for what needs it, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, SettingsError
from connectors.kong.client import AdminApi
from connectors.kong.manifest import COLLECTIONS

_BAD: Final = (Grant.GRANTED, Grant.UNKNOWN, Grant.DENIED)


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


def in_all(tested: Mapping[str, Sequence[Permission]]) -> list[Permission]:
    """The same permissions in several workspaces, each as good as in the worst of them, which are named."""
    if len(tested) == 1:
        return list(next(iter(tested.values())))
    found = []
    for rows in zip(*tested.values(), strict=True):
        worst = max(rows, key=lambda row: _BAD.index(row.grant))
        names = [name for name, row in zip(tested, rows, strict=True) if row.grant is worst.grant]
        where = "" if worst.grant is Grant.GRANTED else _where(names, len(rows))
        found.append(replace(worst, detail=f"{where}{worst.detail}"))
    return found


def _where(names: Sequence[str], count: int) -> str:
    if len(names) == count:
        return "In every workspace: "
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"In {len(names)} of {count} workspaces ({shown}): "
