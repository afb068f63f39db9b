"""One Apigee organization: its management API, lists read to their last entry, bundles as they are deployed.

Source: apigee v1 discovery document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from connectors.apigee.keyed import keyed
from connectors.apigee.permissions import wanted
from connectors.base.google.api import GoogleApi, Upload, listed
from connectors.base.google.logs import LogSource
from connectors.base.google.settings import tokens

if TYPE_CHECKING:
    from connectors.apigee.manifest import ApigeeSettings
    from connectors.base.identity import Identity
    from connectors.egress import Egress


class Organization:
    """The organization of a connection, as its service account sees it."""

    def __init__(self, settings: ApigeeSettings, egress: Egress, identity: Identity | None = None) -> None:
        root = settings.api_url
        self.tokens = tokens(settings, egress, identity, root)
        self.api = GoogleApi(self.tokens, egress)
        self.name = f"organizations/{settings.organization}"
        self.project = f"projects/{settings.project_id or settings.organization}"
        self.url = f"{root or 'https://apigee.googleapis.com'}/v1/{self.name}"
        self._logging = f"{root or 'https://logging.googleapis.com'}/v2"
        self.resource_manager = f"{root or 'https://cloudresourcemanager.googleapis.com'}/v3"

    def logs(self) -> LogSource:
        """Where the logs of the organization's project are read."""
        return LogSource(self.api, self._logging, self.project, wanted("logging.logEntries.list"))

    def read(self, path: str, permission: str, **query: str) -> dict[str, Any]:
        """The document at a path below the organization, "" for the organization itself."""
        asked = f"?{urlencode(query)}" if query else ""
        return self.api.document("GET", f"{self.url}{path}{asked}", wanted(permission))

    def entries(self, path: str, member: str, permission: str, **query: str) -> list[dict[str, Any]]:
        """All objects of a list that ends by itself or goes on by ``nextPageToken``."""
        asked = wanted(permission)
        pages = self.api.pages(f"{self.url}{path}", asked, query)
        return [entry for page in pages for entry in listed(page, member, asked)]

    def keyed(self, path: str, member: str, key: str, permission: str, **query: str) -> list[dict[str, Any]]:
        """All objects of a list that goes on by ``startKey``, whose pages begin with the last object again."""
        asked = wanted(permission)

        def fetch(more: Mapping[str, str]) -> list[dict[str, Any]]:
            url = f"{self.url}{path}?{urlencode({**query, **more})}"
            return listed(self.api.document("GET", url, asked), member, asked)

        return keyed(fetch, key, asked.action)

    def bundle(self, kind: str, name: str, revision: str) -> bytes:
        """The zip of a revision of a proxy (``apis``) or of a shared flow (``sharedflows``)."""
        permission = {"apis": "apigee.proxyrevisions.get", "sharedflows": "apigee.sharedflowrevisions.get"}[
            kind
        ]
        url = f"{self.url}/{kind}/{quote(name, safe='')}/revisions/{quote(revision, safe='')}?format=bundle"
        return self.api.exchange("GET", url, wanted(permission)).content

    def upload(self, path: str, name: str, archive: bytes, permission: str) -> dict[str, Any]:
        """What Google answers to a bundle that is sent to it as a form."""
        return self.api.document(
            "POST", f"{self.url}{path}", wanted(permission), body=Upload(f"{name}.zip", archive)
        )
