"""Test what the service account may do: IAM itself answers, permission by permission; nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.apigee.client import Organization
from connectors.apigee.permissions import ALL
from connectors.apigee.setup import role_fix
from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, SettingsError, TransientError, VendorAnswerError
from connectors.base.google.api import Wanted
from connectors.base.manifest import PermissionNeed

if TYPE_CHECKING:
    from connectors.apigee.manifest import ApigeeSettings
    from connectors.egress import Egress

_WANTED: Final = Wanted("test permissions", "resourcemanager.projects.get")
_NEEDS_API: Final = (
    "Enter the organization's project in the settings, and enable the Cloud Resource Manager API there: "
    "gcloud services enable cloudresourcemanager.googleapis.com"
)


class Access:
    """The check-access capability, by ``projects.testIamPermissions``, which itself needs no permission."""

    def __init__(self, settings: ApigeeSettings, egress: Egress) -> None:
        self._settings = settings
        self._egress = egress

    def check(self) -> list[Permission]:
        """Every permission of the manifest, granted or denied in the project; unknown while IAM gives no answer.

        Raises ``SettingsError`` when Google gives no token for the key and ``TransientError`` when it cannot be
        reached: then no single permission can be told.
        """
        organization = Organization(self._settings, self._egress)
        organization.api.sign_in()
        try:
            granted = _granted(organization)
        except (TransientError, VendorAnswerError):
            raise
        except ConnectorError as error:
            fix = _NEEDS_API if isinstance(error, SettingsError) else error.action
            return [_row(need, Grant.UNKNOWN, error.sentence(), fix) for need in ALL]
        return [_judged(need, granted, organization) for need in ALL]


def _judged(need: PermissionNeed, granted: frozenset[str], organization: Organization) -> Permission:
    if need.action in granted:
        return _row(need, Grant.GRANTED)
    detail = f"{organization.api.account} does not have {need.action} in {organization.project}."
    return _row(need, Grant.DENIED, detail, role_fix(need, organization.project.partition("/")[2]))


def _granted(organization: Organization) -> frozenset[str]:
    url = f"{organization.resource_manager}/{organization.project}:testIamPermissions"
    body = {"permissions": [need.action for need in ALL]}
    answer = organization.api.document("POST", url, _WANTED, body=body)
    found = answer.get("permissions", [])
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise VendorAnswerError("Google's answer to test permissions has no list of permissions.")
    return frozenset(found)


def _row(need: PermissionNeed, grant: Grant, detail: str = "", fix: str = "") -> Permission:
    return Permission(need.action, need.purpose, need.access, grant, detail, fix)
