"""Envoy's admin interface, reading only. Source: Envoy documentation "Administration interface" and ``envoy.admin.v3``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.errors import PermissionMissing, SettingsError, VendorAnswerError
from connectors.egress import Egress
from connectors.envoy.manifest import EnvoySettings

Document = Mapping[str, Any]


class Admin:
    """One Envoy. Raises ``SettingsError`` without an address; never asks for anything but ``GET``."""

    def __init__(self, settings: EnvoySettings, egress: Egress) -> None:
        self.url = settings.admin_url.rstrip("/")
        self._egress = egress

    def server(self) -> Document:
        """Version, state and node."""
        found = self._get("/server_info")
        if not isinstance(found.get("version"), str):
            raise VendorAnswerError("The answer of /server_info names no version: this is no Envoy.")
        return found

    def resource(self, name: str) -> list[Document]:
        """Every entry of one kind of the configuration dump."""
        found = self._get(f"/config_dump?resource={name}").get("configs", [])
        if not isinstance(found, list) or not all(isinstance(entry, Mapping) for entry in found):
            raise VendorAnswerError(f"The configuration dump's {name} are no list of objects.")
        return found

    def _get(self, path: str) -> Document:
        if not self.url:
            raise SettingsError(
                "The connection has no admin address, so only pushed lines are taken.",
                unchanged="Nothing was read.",
                action="Give the address of an Envoy's admin interface in the settings.",
            )
        action = f"GET {path}"
        answer = self._egress.request("GET", self.url + path)
        if answer.status in (401, 403):
            raise PermissionMissing(
                f"{action} was refused.", missing=action, action="Let this path through to us."
            )
        if answer.status != 200:
            raise SettingsError(
                f"{action} was answered {answer.status}.",
                unchanged="Nothing was read.",
                action="Check the admin address; Envoy before 1.14 knows no parts of its configuration dump.",
            )
        document = answer.json()
        if not isinstance(document, dict):
            raise VendorAnswerError(f"The answer to {action} is no object.")
        return document
