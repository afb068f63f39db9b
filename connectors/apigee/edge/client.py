"""One organization at Apigee Edge: its management API with a user's password or a token.

Source: Apigee Edge management API reference (deployments, shared flows, virtual hosts, flow hooks, products, developers).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from connectors.apigee.keyed import keyed
from connectors.base.errors import PermissionMissing, SettingsError, VendorAnswerError

if TYPE_CHECKING:
    from connectors.apigee.manifest import ApigeeSettings
    from connectors.egress import Egress, EgressResponse

_ROLE: Final = "Give the user the role Read-only Organization Administrator."


class EdgeOrganization:
    """The organization of a connection, as its user sees it."""

    def __init__(self, settings: ApigeeSettings, egress: Egress) -> None:
        self.name = f"organizations/{settings.organization}"
        self._url = f"{settings.edge_url.removesuffix('/v1')}/v1/{self.name}"
        self._egress = egress
        secret = settings.edge_secret.get_secret_value()
        if settings.edge_user:
            pair = base64.b64encode(f"{settings.edge_user}:{secret}".encode()).decode()
            self._authorization = f"Basic {pair}"
        else:
            self._authorization = f"Bearer {secret}"

    def document(self, path: str, action: str, **query: str) -> dict[str, Any]:
        """The JSON object at a path below the organization; ``action`` says what for, in words that follow "to"."""
        found = self._get(path, action, query).json()
        if not isinstance(found, dict):
            raise VendorAnswerError(f"Apigee's answer to {action} is no JSON object.")
        return found

    def names(self, path: str, action: str) -> list[str]:
        """A list of names."""
        found: Any = self._get(path, action, {}).json()
        if not isinstance(found, list) or not all(isinstance(name, str) and name for name in found):
            raise VendorAnswerError(f"Apigee's answer to {action} is no list of names.")
        return found

    def keyed(self, path: str, member: str, key: str, action: str) -> list[dict[str, Any]]:
        """All objects of a list that goes on by ``startKey``."""

        def fetch(more: Mapping[str, str]) -> list[dict[str, Any]]:
            page = self.document(path, action, expand="true", **more).get(member, [])
            if not isinstance(page, list) or not all(isinstance(entry, dict) for entry in page):
                raise VendorAnswerError(f"Apigee's answer to {action} has no list of objects.")
            return page

        return keyed(fetch, key, action)

    def bundle(self, kind: str, name: str, revision: str) -> bytes:
        """The zip of a revision of a proxy (``apis``) or of a shared flow (``sharedflows``)."""
        path = f"/{kind}/{quoted(name)}/revisions/{quoted(revision)}"
        return self._get(path, f"read revision {revision} of {name}", {"format": "bundle"}).content

    def _get(self, path: str, action: str, query: dict[str, str]) -> EgressResponse:
        url = f"{self._url}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"authorization": self._authorization, "accept": "application/json, application/zip"}
        answer = self._egress.request("GET", url, headers=headers)
        if answer.status == 401:
            raise SettingsError(
                f"Apigee Edge did not accept the credentials to {action}.",
                action="Check user and password; an access token ends after hours and has to be renewed.",
            )
        if answer.status == 403:
            raise PermissionMissing(f"The user may not {action}.", missing=f"GET {path or '/'}", action=_ROLE)
        if answer.status == 404:
            raise SettingsError(
                f"Apigee Edge knows nothing by this name to {action}.",
                action="Check the organization's name and the address.",
            )
        if answer.status != 200:
            raise VendorAnswerError(f"Apigee Edge answered {answer.status} to {action}.")
        return answer


def quoted(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")
