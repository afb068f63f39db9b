"""One control plane in Konnect: the same entities under another address, with other rules.

Entities are upserted by PUT and cannot be patched. Data planes run the configuration: their versions are the versions
that count. Source: Konnect "Control Planes" and "Control Planes Configuration" OpenAPI descriptions (v2).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar, Final
from urllib.parse import quote

from connectors.base.errors import ConnectorError, SettingsError, VendorAnswerError
from connectors.egress import Egress
from connectors.kong.client import MAX_PAGES, AdminApi, document_of
from connectors.kong.form import KongSettings

LIST: Final = "/v2/control-planes"
REQUESTS: Final = "/v2/api-requests"
GROUP: Final = "CLUSTER_TYPE_CONTROL_PLANE_GROUP"
_PAGE: Final = 100
_ATTEMPTS: Final = 3
_SERVER_MADE: Final = ("created_at", "updated_at")


class ControlPlaneApi(AdminApi):
    """The control plane that the settings name, by its id or by its name."""

    place: ClassVar[str] = "the region and the control plane"

    def __init__(self, settings: KongSettings, egress: Egress) -> None:
        super().__init__(settings, egress)
        self._base = settings.konnect_address
        self._wanted = settings.control_plane
        self._shown = f"Konnect {settings.region.value}: {settings.control_plane}"
        token = settings.admin_token.get_secret_value() if settings.admin_token else ""
        self._headers = {"accept": "application/json", "authorization": f"Bearer {token}"}

    @cached_property
    def control_plane(self) -> Mapping[str, Any]:
        """Its document; asked for once."""
        if _is_uuid(self._wanted):
            path = f"{LIST}/{self._wanted}"
            found: Mapping[str, Any] = document_of(self.exchange("GET", path, scoped=False), f"GET {path}")
        else:
            found = self._named()
        if not _is_uuid(str(found.get("id") or "")):
            raise VendorAnswerError("Konnect's answer about the control plane has no id.")
        return found

    @property
    def kind(self) -> str:
        """Its ``cluster_type``: an ordinary control plane, a group of them, one of an ingress controller …"""
        configuration = self.control_plane.get("config")
        kind = configuration.get("cluster_type") if isinstance(configuration, Mapping) else None
        if not isinstance(kind, str):
            raise VendorAnswerError("Konnect's answer about the control plane has no cluster_type.")
        return kind

    @property
    def workspace(self) -> str:
        """The control plane's name, which stands where a self-hosted Kong has a workspace."""
        return str(self.control_plane.get("name") or self._wanted)

    @property
    def ref(self) -> str:
        """By id: names can be changed."""
        return f"control_plane:{self.control_plane['id']}"

    @property
    def gateway_name(self) -> str:
        """Region and control plane as entered."""
        return self._shown

    def requests(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """One page of ``POST /v2/api-requests``: reading whatever its method, hence tried again like a GET."""
        answer = self.exchange("POST", REQUESTS, query, scoped=False, attempts=_ATTEMPTS)
        return document_of(answer, f"POST {REQUESTS}")

    def node(self) -> dict[str, Any]:
        """What stands for a node's facts: the lowest version among the data planes, and the kind of control plane.

        ``version`` is empty when no data plane is connected. ``group_member``: others share its data planes.
        """
        versions = self.versions()
        return {
            "version": versions[0] if versions else "",
            "versions": versions,
            "edition": "konnect",
            "cluster_type": self.kind,
            "group_member": self.in_group(),
        }

    def versions(self) -> list[str]:
        """The versions of the data planes, each once, lowest first; "" is one that does not tell its version."""
        path, found = f"{self._root()}/nodes?page[size]={_PAGE}", set[str]()
        for _ in range(MAX_PAGES):
            page = document_of(self.exchange("GET", path, scoped=False), "GET /nodes")
            items = page.get("items", [])
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise VendorAnswerError("Konnect's answer to GET /nodes has no list of data planes.")
            found.update(str(item.get("version") or "") for item in items)
            pages = page.get("page")
            after = pages.get("next") if isinstance(pages, dict) else None
            if not after:
                return sorted(found, key=_numbers)
            path = (
                f"{self._root()}/nodes?page[size]={_PAGE}&page[after]={quote(_cursor(str(after)), safe='')}"
            )
        raise VendorAnswerError(f"Konnect's list of data planes did not end after {MAX_PAGES} pages.")

    def in_group(self) -> bool:
        """Whether it is a member of a control plane group, which runs several control planes as one."""
        if self.kind == GROUP:
            return False
        path = f"{self._root()}/group-member-status"
        answer = document_of(self.exchange("GET", path, scoped=False), "GET /group-member-status")
        member = answer.get("is_member")
        if not isinstance(member, bool):
            raise VendorAnswerError("Konnect does not say whether the control plane is in a group.")
        return member

    def unseen_plugins(self) -> str:
        """The members of a group share their global plugins."""
        try:
            member = self.in_group()
        except ConnectorError as error:
            return (
                f"Whether it is in a control plane group, whose plugins act here, is not known: {error.what}"
            )
        return (
            "Global plugins of the other members of its group act here, too; they are not read."
            if member
            else ""
        )

    def patch(self, collection: str, ref: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Konnect cannot patch: the entity is read and written whole, with the given fields in place of its own."""
        present = self.one(collection, ref)
        if present is None:
            raise SettingsError(f"The {collection} object {ref} was deleted since it was read.")
        given = dict(document)
        if isinstance(given.get("config"), Mapping):
            given["config"] = {**(present.get("config") or {}), **given["config"]}
        whole = {key: value for key, value in {**present, **given}.items() if key not in _SERVER_MADE}
        return self.put(collection, ref, whole)

    def _prefix(self) -> str:
        return f"{self._root()}/core-entities"

    def _root(self) -> str:
        return f"{LIST}/{self.control_plane['id']}"

    def _named(self) -> Mapping[str, Any]:
        """The one control plane of the wanted name."""
        found = [entry for entry in self._all() if entry.get("name") == self._wanted]
        if len(found) != 1:
            many = f"{len(found)} control planes" if found else "no control plane"
            raise SettingsError(
                f"Konnect shows this token {many} named {self._wanted} in this region.",
                action="Check the name, the region and the token's roles, or enter the control plane's id.",
            )
        return found[0]

    def _all(self) -> Iterator[dict[str, Any]]:
        """Control planes with the wanted name that the token may see, page by page."""
        seen, wanted = 0, quote(self._wanted, safe="")
        for number in range(1, MAX_PAGES):
            path = f"{LIST}?page[size]={_PAGE}&page[number]={number}&filter[name][eq]={wanted}"
            page = document_of(self.exchange("GET", path, scoped=False), f"GET {LIST}")
            data, meta = page.get("data"), page.get("meta")
            pages = meta.get("page") if isinstance(meta, dict) else None
            if not isinstance(data, list) or not isinstance(pages, dict):
                raise VendorAnswerError(f"Konnect's answer to GET {LIST} is not a page of control planes.")
            yield from (entry for entry in data if isinstance(entry, dict))
            seen += len(data)
            if not data or seen >= int(pages.get("total") or 0):
                return


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _numbers(version: str) -> tuple[int, ...]:
    """A version's numbers; what is no version is the lowest."""
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def _cursor(after: str) -> str:
    """``next`` is the cursor itself, or an address that holds it."""
    return after.rpartition("page[after]=")[2] or after
