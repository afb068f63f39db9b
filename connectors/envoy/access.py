"""Test what the connection may read, path by path."""

from __future__ import annotations

from collections.abc import Callable

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, PermissionMissing, SettingsError
from connectors.egress import Egress
from connectors.envoy.client import Admin
from connectors.envoy.manifest import MANIFEST, RESOURCES, EnvoySettings


class Access:
    """The check-access capability."""

    def __init__(self, settings: EnvoySettings, egress: Egress) -> None:
        self._admin = Admin(settings, egress)

    def check(self) -> list[Permission]:
        """Every permission of the manifest; raises when the node itself does not answer."""
        version = str(self._admin.server()["version"])
        node, *parts = MANIFEST.permissions
        tested = [Permission(node.action, node.purpose, "read", Grant.GRANTED, f"Envoy {version} answered.")]
        for need, name in zip(parts, RESOURCES, strict=True):
            tested.append(_tested(need.action, need.purpose, lambda name=name: self._admin.resource(name)))  # type: ignore[misc]
        return tested


def _tested(action: str, purpose: str, read: Callable[[], object]) -> Permission:
    try:
        read()
    except (PermissionMissing, SettingsError) as error:
        return Permission(action, purpose, "read", Grant.DENIED, error.what, error.action)
    except ConnectorError as error:
        return Permission(action, purpose, "read", Grant.UNKNOWN, error.what, "Run the check again.")
    return Permission(action, purpose, "read", Grant.GRANTED)
