"""Test what the token may do in Konnect, endpoint by endpoint, without writing anything."""

from __future__ import annotations

from typing import Final

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, PermissionMissing
from connectors.kong.control_plane import LIST, REQUESTS, ControlPlaneApi
from connectors.kong.form import KongSettings, ManagedBy
from connectors.kong.gitops import SYNCHRONISED, shared_planes
from connectors.kong.permissions import collections, denied, tried
from connectors.kong.requests import ask_one

_ENTITIES: Final = "/core-entities/"
_FIND: Final = "find the control plane and what kind it is"
_WRITES: Final = (
    ("PUT, DELETE /core-entities/plugins", "create and remove our own blocking plugins"),
    ("PUT, DELETE /core-entities/routes", "create and remove our own blocking routes"),
)
_UNTOLD: Final = "Konnect tells what a token may write only when something is written."
_ROLES: Final = (
    "Make sure the token's account has the roles Plugin Admin and Route Admin on this control plane."
)
_PATCH: Final = "Blocks are handed out as a decK patch for your own pipeline."


def check(api: ControlPlaneApi, settings: KongSettings) -> list[Permission]:
    """Every endpoint we need. Without the control plane itself no other can be told, and all are unknown.

    Raises ``SettingsError`` when the token is refused and ``TransientError`` when Konnect cannot be reached.
    """
    try:
        found = api.control_plane
    except PermissionMissing as error:
        return [denied(f"GET {LIST}", _FIND, "read", error)]
    permissions = [
        Permission(
            f"GET {LIST}", _FIND, "read", Grant.GRANTED, f"The control plane {found.get('name')} answered."
        ),
        tried("GET /nodes", "read the data planes' versions", api.versions),
        tried(
            "GET /group-member-status",
            "know whether other control planes share its data planes",
            api.in_group,
        ),
        *collections(api, f"GET {_ENTITIES}"),
    ]
    if settings.pull_requests:
        permissions.append(
            tried(f"POST {REQUESTS}", "read the calls that Konnect recorded", lambda: ask_one(api))
        )
    return [*permissions, *_writes(api, settings)]


def _writes(api: ControlPlaneApi, settings: KongSettings) -> list[Permission]:
    grant, detail, fix = Grant.UNKNOWN, _UNTOLD, _ROLES
    if settings.managed_by is ManagedBy.GITOPS:
        grant, detail, fix = Grant.DENIED, SYNCHRONISED, _PATCH
    elif why := shared_planes(api.kind, member=_member(api)):
        grant, detail, fix = Grant.DENIED, why, _PATCH
    return [Permission(action, purpose, "write", grant, detail, fix) for action, purpose in _WRITES]


def _member(api: ControlPlaneApi) -> bool:
    try:
        return api.in_group()
    except ConnectorError:  # told by the row of that endpoint
        return False
