"""Test what the service account may do in the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.base.capabilities import Grant, Permission
from connectors.base.google.roles import fix
from connectors.base.google.tested import row, tested
from connectors.base.google.trust import proof
from connectors.base.manifest import PermissionNeed
from connectors.cloudarmor.client import UNCONFIGURED, Project, is_configured
from connectors.cloudarmor.permissions import ALL, GROUPS
from connectors.cloudarmor.setup import ROLES

if TYPE_CHECKING:
    from connectors.base.identity import Identity
    from connectors.cloudarmor.manifest import CloudArmorSettings
    from connectors.egress import Egress


class Access:
    """The check-access capability."""

    def __init__(
        self, settings: CloudArmorSettings, egress: Egress, identity: Identity | None = None
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._identity = identity

    def check(self) -> list[Permission]:
        """Every permission of the manifest, unknown without project and key: see ``connectors.base.google.tested``."""
        if not is_configured(self._settings):
            return [row(need, Grant.UNKNOWN, UNCONFIGURED) for need in ALL]
        project = Project(self._settings, self._egress, self._identity)

        def denied(need: PermissionNeed) -> tuple[str, str]:
            detail = f"{project.api.account} does not have {need.action}."
            if need in GROUPS and not self._settings.enterprise:
                detail += " It is only needed with Cloud Armor Enterprise, which the settings say this project has not."
            return detail, fix(ROLES, need, project.id)

        rows = tested(project.api, f"{project.resource_manager}/{project.name}", ALL, denied)
        return [*proof(project.tokens), *rows]
