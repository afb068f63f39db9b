"""Test what the application may do, without doing it: Azure tells a caller its own permissions.

Source: "Permissions - List For Resource Group / Subscription" and "Understand Azure role definitions": an action is
granted when an entry's ``actions`` hold it and the same entry's ``notActions`` do not. Log Analytics has no such answer
for a workspace that may be anywhere; there each table is asked for nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from connectors.azure.client import Arm
from connectors.azure.entra import SignIn, SignInRefused
from connectors.azure.manifest import MANIFEST, AzureSettings
from connectors.azure.permissions import LOGS, PERMISSIONS_READ, QUERY, role_definition
from connectors.azure.workspace import Workspace
from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, PermissionMissing
from connectors.base.identity import Identity
from connectors.base.manifest import PermissionNeed
from connectors.egress import Egress

_NOT_CONNECTED: Final = (
    "Azure is not asked: the connection has no Entra application and only receives records."
)
_NO_WORKSPACE: Final = "Not needed: no Log Analytics workspace is set."

PROOF: Final = "sign-in of another workspace"
_PROOF_PURPOSE: Final = (
    "Proof that the application refuses other workspaces (protects you from the confused deputy)."
)

Roles = Sequence[Mapping[str, Any]]


class Access:
    """The check-access capability."""

    def __init__(self, settings: AzureSettings, egress: Egress, identity: Identity | None = None) -> None:
        self._settings = settings
        self._sign_in = SignIn(settings, egress, settings.management_url, identity)
        self._arm, self._workspace = Arm(settings, egress, identity), Workspace(settings, egress, identity)

    def check(self) -> list[Permission]:
        """One row per permission of the manifest, with federation also the proof that no other workspace is trusted.

        Raises ``SettingsError`` when Entra lets us not even sign in.
        """
        needs = MANIFEST.permissions
        if not self._settings.connected:
            return [_row(need, Grant.UNKNOWN, _NOT_CONNECTED) for need in needs]
        roles: dict[str, Roles | ConnectorError] = {}
        for subscription in self._settings.subscriptions:
            try:
                path = f"/subscriptions/{subscription}/providers/{PERMISSIONS_READ.removesuffix('/read')}"
                roles[subscription] = self._arm.items(path)
            except ConnectorError as error:
                if isinstance(error, PermissionMissing) or error.code != "settings_error":
                    roles[subscription] = error
                else:
                    raise
        rows = [self._logs(need) if need in LOGS else self._judged(need, roles) for need in needs]
        return [self._trust(), *rows] if self._settings.federated else rows

    def _trust(self) -> Permission:
        try:
            self._sign_in.as_stranger()
        except SignInRefused as error:
            if error.of_subject:
                return _proof(Grant.GRANTED, "Entra refused, as it must.")
            return _proof(Grant.UNKNOWN, error.what)
        except ConnectorError as error:
            return _proof(Grant.UNKNOWN, error.what)
        detail = "The application trusts every workspace of this Portcullis: each of them could read your subscriptions."
        return _proof(
            Grant.DENIED, detail, "Give the federated credential exactly the subject of the set-up text."
        )

    def _judged(self, need: PermissionNeed, roles: Mapping[str, Roles | ConnectorError]) -> Permission:
        """Granted when it is on every subscription."""
        missing: list[str] = []
        unknown: list[str] = []
        for subscription, held in roles.items():
            if isinstance(held, ConnectorError):
                is_this = isinstance(held, PermissionMissing) and need.action == PERMISSIONS_READ
                (missing if is_this else unknown).append(f"{subscription}: {held.what}")
            elif not allowed(need.action, held):
                missing.append(f"{subscription}: no role of the application allows it.")
        if missing:
            return _row(need, Grant.DENIED, " ".join(missing), self._fix(need))
        if unknown:
            return _row(need, Grant.UNKNOWN, " ".join(unknown), "Run the check again.")
        return _row(need, Grant.GRANTED)

    def _logs(self, need: PermissionNeed) -> Permission:
        if not self._settings.workspace_id:
            return _row(need, Grant.UNKNOWN, _NO_WORKSPACE)
        table = need.action.removeprefix(f"{QUERY}/").removesuffix("/read")
        table = "AzureDiagnostics" if table == "read" else table
        try:
            self._workspace.query(f"{table} | take 0")
        except PermissionMissing as error:
            if error.missing.lower() == need.action.lower() or error.missing == "POST query":
                return _row(need, Grant.DENIED, error.what, self._fix(need))
            if need.action == f"{QUERY}/read":
                return _row(need, Grant.GRANTED)
            return _row(need, Grant.UNKNOWN, f"Could not be tested: {error.what}", self._fix(need))
        except ConnectorError as error:
            return _row(need, Grant.UNKNOWN, error.sentence(), "Run the check again.")
        return _row(need, Grant.GRANTED)

    def _fix(self, need: PermissionNeed) -> str:
        definition = role_definition(need.access, (need,), tuple(self._settings.subscriptions))
        return f"Add to the custom role {definition['Name']}:\n{json.dumps({'Actions': definition['Actions']}, indent=2)}"


def allowed(action: str, roles: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any role allows an action; ``*`` stands for any text, letters compare without case."""
    return any(
        _holds(role.get("actions"), action) and not _holds(role.get("notActions"), action) for role in roles
    )


def _holds(patterns: object, action: str) -> bool:
    entries = patterns if isinstance(patterns, list) else ()
    return any(
        re.fullmatch(re.escape(str(entry)).replace(r"\*", ".*"), action, re.IGNORECASE) for entry in entries
    )


def _row(need: PermissionNeed, grant: Grant, detail: str = "", fix: str = "") -> Permission:
    return Permission(need.action, need.purpose, need.access, grant, detail, fix)


def _proof(grant: Grant, detail: str, fix: str = "") -> Permission:
    return Permission(PROOF, _PROOF_PURPOSE, "read", grant, detail, fix, proof=True)
