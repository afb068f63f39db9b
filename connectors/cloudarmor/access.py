"""Test what the service account may do: IAM itself answers, permission by permission; nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, SettingsError, TransientError, VendorAnswerError
from connectors.base.google.api import Wanted
from connectors.base.manifest import PermissionNeed
from connectors.cloudarmor.client import UNCONFIGURED, Project, is_configured
from connectors.cloudarmor.permissions import ALL, GROUPS
from connectors.cloudarmor.setup import role_fix

if TYPE_CHECKING:
    from connectors.cloudarmor.manifest import CloudArmorSettings
    from connectors.egress import Egress

_WANTED = Wanted("test permissions", "resourcemanager.projects.get")
_NEEDS_API = (
    "Enable the Cloud Resource Manager API: gcloud services enable cloudresourcemanager.googleapis.com"
)


class Access:
    """The check-access capability, by ``projects.testIamPermissions``, which itself needs no permission."""

    def __init__(self, settings: CloudArmorSettings, egress: Egress) -> None:
        self._settings = settings
        self._egress = egress

    def check(self) -> list[Permission]:
        """Every permission of the manifest, granted or denied; unknown while IAM gives no answer.

        Raises ``SettingsError`` when Google gives no token for the key and ``TransientError`` when it cannot be
        reached: then no single permission can be told.
        """
        if not is_configured(self._settings):
            return [_row(need, Grant.UNKNOWN, UNCONFIGURED) for need in ALL]
        project = Project(self._settings, self._egress)
        project.api.sign_in()
        try:
            granted = _granted(project)
        except (TransientError, VendorAnswerError):
            raise
        except ConnectorError as error:
            fix = _NEEDS_API if isinstance(error, SettingsError) else error.action
            return [_row(need, Grant.UNKNOWN, error.sentence(), fix) for need in ALL]
        return [self._judged(need, granted, project.api.account) for need in ALL]

    def _judged(self, need: PermissionNeed, granted: frozenset[str], account: str) -> Permission:
        if need.action in granted:
            return _row(need, Grant.GRANTED)
        detail = f"{account} does not have {need.action}."
        if need in GROUPS and not self._settings.enterprise:
            detail += (
                " It is only needed with Cloud Armor Enterprise, which the settings say this project has not."
            )
        return _row(need, Grant.DENIED, detail, role_fix(need, self._settings.project_id))


def _granted(project: Project) -> frozenset[str]:
    url = f"{project.resource_manager}/{project.name}:testIamPermissions"
    body = {"permissions": [need.action for need in ALL]}
    answer = project.api.document("POST", url, _WANTED, body=body)
    found = answer.get("permissions", [])
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise VendorAnswerError("Google's answer to test permissions has no list of permissions.")
    return frozenset(found)


def _row(need: PermissionNeed, grant: Grant, detail: str = "", fix: str = "") -> Permission:
    return Permission(need.action, need.purpose, need.access, grant, detail, fix)
