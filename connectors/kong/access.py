"""Test what the connection may do on Kong, endpoint by endpoint, without writing anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, PermissionMissing, SettingsError
from connectors.egress import Egress
from connectors.kong import konnect_access
from connectors.kong.client import AdminApi
from connectors.kong.control_plane import ControlPlaneApi
from connectors.kong.form import KongSettings, ManagedBy
from connectors.kong.gitops import SYNCHRONISED
from connectors.kong.manifest import MANIFEST
from connectors.kong.opening import opened, workspaces
from connectors.kong.permissions import collections, denied, in_all, tried
from connectors.kong.settings import edition, has_database

_LOOPBACK = "Put the Admin API behind a loopback route with key-auth and bind admin_listen to 127.0.0.1."


class Access:
    """The check-access capability."""

    def __init__(self, settings: KongSettings, egress: Egress) -> None:
        self._settings, self._egress = settings, egress
        self._api = AdminApi(settings, egress)

    def check(self) -> list[Permission]:
        """Every permission of the manifest, and whether strangers reach the Admin API; in Konnect, what is needed there.

        Raises ``SettingsError`` when the token is refused on everything and ``TransientError`` when Kong
        cannot be reached at all: then no single permission can be told.
        """
        if self._settings.in_konnect:
            return konnect_access.check(ControlPlaneApi(self._settings, self._egress), self._settings)
        node, first = self._node()
        permissions, places = [first], [self._api]
        if self._settings.all_workspaces:
            permissions.append(tried("GET /workspaces", "list the workspaces", self._listed))
            if permissions[-1].grant is not Grant.GRANTED:
                return [*permissions, self._protection()]
        if self._settings.workspace:
            places = opened(self._settings, self._egress)
        tested = {api.workspace: [*collections(api, "GET /"), *self._writes(api, node)] for api in places}
        return [*permissions, *in_all(tested), self._protection()]

    def _listed(self) -> object:
        return workspaces(self._settings, self._egress)

    def _node(self) -> tuple[dict[str, Any] | None, Permission]:
        purpose = MANIFEST.permissions[0].purpose
        try:
            node = self._api.node()
        except PermissionMissing as error:
            return None, denied("GET /", purpose, "read", error)
        version = str(node.get("version") or "unknown version")
        return node, Permission(
            "GET /", purpose, "read", Grant.GRANTED, f"Kong {version} ({edition(node)}) answered."
        )

    def _writes(self, api: AdminApi, node: Mapping[str, Any] | None) -> list[Permission]:
        grant, detail, fix = self._write_grant(api, node)
        return [
            Permission(need.action, need.purpose, "write", grant, detail, fix)
            for need in MANIFEST.permissions
            if need.access == "write"
        ]

    def _write_grant(self, api: AdminApi, node: Mapping[str, Any] | None) -> tuple[Grant, str, str]:
        """What can be told of writing from the node's own facts and a dry run that stores nothing."""
        if node is None:
            return Grant.UNKNOWN, "The node's configuration could not be read.", "Grant GET / first."
        if not has_database(node):
            sentence = "This Kong runs without a database: its Admin API takes no single changes."
            return Grant.DENIED, sentence, "Blocks are handed out as a decK patch for your own pipeline."
        if self._settings.managed_by is ManagedBy.GITOPS:
            return Grant.DENIED, SYNCHRONISED, "Blocks are handed out as a decK patch for your own pipeline."
        try:
            _dry_run(api)
        except (PermissionMissing, SettingsError) as error:
            return Grant.DENIED, error.what, "Use the write set-up text; reading works without it."
        except ConnectorError as error:
            return Grant.UNKNOWN, f"The dry run gave no answer: {error.what}", "Run the check again."
        if edition(node) == "enterprise":
            sentence = "Enterprise roles can only be told by writing; a dry run without storing was accepted."
            return (
                Grant.UNKNOWN,
                sentence,
                "Make sure the role has create, update and delete on /plugins/* and /routes/*.",
            )
        sentence = (
            "Open-source Kong has no roles: who passes its front door may write; a dry run was accepted."
        )
        return Grant.GRANTED, sentence, ""

    def _protection(self) -> Permission:
        action, purpose = "Admin API asks for a credential", "know whether strangers can administer this Kong"
        try:
            open_to_all = self._api.answers_without_token()
        except ConnectorError as error:
            return Permission(action, purpose, "read", Grant.UNKNOWN, error.sentence())
        if open_to_all is None:
            return Permission(
                action, purpose, "read", Grant.UNKNOWN, "Kong gave no answer to a call without a token."
            )
        if open_to_all:
            warning = "Warning: the Admin API answers without any credential to whoever reaches its address."
            return Permission(action, purpose, "read", Grant.GRANTED, warning, _LOOPBACK)
        return Permission(action, purpose, "read", Grant.GRANTED, "A call without a token was turned away.")


def _dry_run(api: AdminApi) -> None:
    """``POST /schemas/plugins/validate``: Kong's own check of a plugin document, which stores nothing."""
    document = {"name": "request-termination", "config": {"status_code": 403}}
    api.exchange("POST", "/schemas/plugins/validate", document)
