"""What a service account may do: IAM itself answers, permission by permission; nothing is written.

Source: cloudresourcemanager v3 discovery document (``projects.testIamPermissions``, which itself needs no permission).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, SettingsError, TransientError, VendorAnswerError
from connectors.base.google.api import GoogleApi, Wanted
from connectors.base.manifest import PermissionNeed

_WANTED: Final = Wanted("test permissions", "resourcemanager.projects.get")
_NEEDS_API: Final = (
    "Check the project's id, and enable the Cloud Resource Manager API: gcloud services enable "
    "cloudresourcemanager.googleapis.com"
)
#: (what is wrong, what mends it) for a permission that is denied.
Denied = Callable[[PermissionNeed], tuple[str, str]]


def tested(api: GoogleApi, project: str, needs: Sequence[PermissionNeed], denied: Denied) -> list[Permission]:
    """Every permission granted or denied; unknown while IAM gives no answer. ``project`` is its resource's address.

    Raises ``SettingsError`` when Google gives no token for the key and ``TransientError`` when it cannot be reached:
    then no single permission can be told.
    """
    api.sign_in()
    try:
        granted = _granted(api, project, needs)
    except (TransientError, VendorAnswerError):
        raise
    except ConnectorError as error:
        mend = _NEEDS_API if isinstance(error, SettingsError) else error.action
        return [row(need, Grant.UNKNOWN, error.sentence(), mend) for need in needs]
    return [
        row(need, Grant.GRANTED) if need.action in granted else row(need, Grant.DENIED, *denied(need))
        for need in needs
    ]


def row(need: PermissionNeed, grant: Grant, detail: str = "", mend: str = "") -> Permission:
    """One tested permission."""
    return Permission(need.action, need.purpose, need.access, grant, detail, mend)


def _granted(api: GoogleApi, project: str, needs: Sequence[PermissionNeed]) -> frozenset[str]:
    body = {"permissions": [need.action for need in needs]}
    answer = api.document("POST", f"{project}:testIamPermissions", _WANTED, body=body)
    found = answer.get("permissions", [])
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise VendorAnswerError("Google's answer to test permissions has no list of permissions.")
    return frozenset(found)
