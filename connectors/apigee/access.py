"""Test what the service account may do in the organization's project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.apigee.client import Organization
from connectors.apigee.edge import access as edge
from connectors.apigee.permissions import needed
from connectors.apigee.setup import ROLES
from connectors.base.capabilities import Permission
from connectors.base.google.roles import fix
from connectors.base.google.tested import tested
from connectors.base.google.trust import proof
from connectors.base.manifest import PermissionNeed

if TYPE_CHECKING:
    from connectors.apigee.manifest import ApigeeSettings
    from connectors.base.identity import Identity
    from connectors.egress import Egress


class Access:
    """The check-access capability."""

    def __init__(self, settings: ApigeeSettings, egress: Egress, identity: Identity | None = None) -> None:
        self._settings = settings
        self._egress = egress
        self._identity = identity

    def check(self) -> list[Permission]:
        """Every permission that the chosen enforcer needs: see ``connectors.base.google.tested``."""
        if self._settings.on_edge:
            return edge.check(self._settings, self._egress)
        organization = Organization(self._settings, self._egress, self._identity)

        def denied(need: PermissionNeed) -> tuple[str, str]:
            detail = f"{organization.api.account} does not have {need.action} in {organization.project}."
            return detail, fix(ROLES, need, organization.project.partition("/")[2])

        url = f"{organization.resource_manager}/{organization.project}"
        rows = tested(organization.api, url, needed(self._settings.enforcer), denied)
        return [*proof(organization.tokens), *rows]
