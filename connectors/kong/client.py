"""Speak to one Kong Admin API: paging to the end, and Kong's statuses as our errors.

Source: Kong Gateway Admin API 3.9 (OSS) and 3.15 (Enterprise) OpenAPI descriptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote

import orjson

from connectors.base.errors import (
    ConflictError,
    PermissionMissing,
    SettingsError,
    TransientError,
    VendorAnswerError,
)
from connectors.egress import Egress, EgressResponse
from connectors.kong.form import KongSettings

PAGE_SIZE: Final = 1000
MAX_PAGES: Final = 2000

_CHECK_SETTINGS = "Check the token, the header it is sent in, and the address in the connection's settings."


class BadRequest(VendorAnswerError):
    """Kong or Konnect answered 400: what was asked is not allowed, such as a time before its records begin."""


class AdminApi:
    """One workspace of one self-hosted Kong; ``ControlPlaneApi`` is a control plane in Konnect instead."""

    #: Where to look when an address is not known, in words.
    place: ClassVar[str] = "the Admin API address and the workspace name"

    def __init__(self, settings: KongSettings, egress: Egress, workspace: str = "") -> None:
        """``workspace`` empty is the default one, addressed without its name, as open-source Kong wants it."""
        self._base = settings.admin_url
        self._workspace = workspace
        self._egress = egress
        self._headers = {"accept": "application/json"}
        if settings.admin_token is not None and settings.admin_token.get_secret_value():
            self._headers[settings.token_header] = settings.admin_token.get_secret_value()

    @property
    def workspace(self) -> str:
        """The workspace's name; open-source Kong has exactly one, named default."""
        return self._workspace or "default"

    @property
    def ref(self) -> str:
        """What the workspace is called as a gateway and as a target."""
        return f"workspace:{self.workspace}"

    @property
    def gateway_name(self) -> str:
        """What people know this Kong by."""
        return self._base

    def node(self) -> dict[str, Any]:
        """``GET /``: version, configuration and available plugins of the answering node."""
        return document_of(self.exchange("GET", "/", scoped=False), "GET /")

    def answers_without_token(self) -> bool | None:
        """Whether a stranger gets an answer from ``GET /``; None when it could not be tried."""
        try:
            answer = self._egress.request("GET", f"{self._base}/", headers={"accept": "application/json"})
        except TransientError:
            return None
        return answer.status == 200

    def entities(
        self, collection: str, size: int = PAGE_SIZE, *, scoped: bool = True
    ) -> Iterator[dict[str, Any]]:
        """Every entity of a collection (``routes``, ``upstreams/<id>/targets``), page by page to the end."""
        path = f"/{collection}?size={size}"
        for _ in range(MAX_PAGES):
            page = document_of(self.exchange("GET", path, scoped=scoped), f"GET /{collection}")
            data = page.get("data")
            if isinstance(data, dict) and not data:
                data = []  # Lua serialises an empty list as {}
            if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
                raise VendorAnswerError(f"Kong's answer to GET /{collection} has no list of entities.")
            yield from data
            offset = page.get("offset")
            if not offset:
                if page.get("next"):
                    raise VendorAnswerError(
                        f"Kong announced a next page of /{collection} but gave no offset."
                    )
                return
            path = f"/{collection}?size={size}&offset={_quoted(offset)}"
        raise VendorAnswerError(f"Kong's list /{collection} did not end after {MAX_PAGES} pages.")

    def unseen_plugins(self) -> str:
        """Why plugins may act here that are not among the workspace's own; "" when none can."""
        return ""

    def data_planes(self) -> Iterator[dict[str, Any]]:
        """The data planes of a hybrid installation, as its control plane lists them."""
        return self.entities("clustering/data-planes", scoped=False)

    def one(self, collection: str, ref: str) -> dict[str, Any] | None:
        """One entity by id or name; None when Kong has none."""
        answer = self.exchange("GET", f"/{collection}/{ref}", allow=(404,))
        return None if answer.status == 404 else document_of(answer, f"GET /{collection}")

    def put(self, collection: str, ref: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Create or replace an entity under an id that we chose; repeating it changes nothing."""
        answer = self.exchange("PUT", f"/{collection}/{ref}", document)
        return document_of(answer, f"PUT /{collection}")

    def patch(self, collection: str, ref: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Change the given fields of an entity; records are merged, lists replaced whole."""
        answer = self.exchange("PATCH", f"/{collection}/{ref}", document)
        return document_of(answer, f"PATCH /{collection}")

    def delete(self, collection: str, ref: str) -> None:
        """Delete an entity; deleting what is not there is no error."""
        self.exchange("DELETE", f"/{collection}/{ref}", allow=(404,))

    def exchange(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        *,
        scoped: bool = True,
        allow: tuple[int, ...] = (),
        attempts: int | None = None,
    ) -> EgressResponse:
        """One exchange; a status other than 2xx and ``allow`` is raised as the fitting ``ConnectorError``."""
        headers, content = self._headers, None
        if document is not None:
            headers = {**headers, "content-type": "application/json"}
            content = orjson.dumps(document)
        prefix = self._prefix() if scoped else ""
        url = f"{self._base}{prefix}{path}"
        answer = self._egress.request(method, url, headers=headers, content=content, attempts=attempts)
        if 200 <= answer.status < 300 or answer.status in allow:
            return answer
        _refuse(answer, f"{method} {path.partition('?')[0]}", self.place)
        raise AssertionError("unreachable: every other status raises")

    def _prefix(self) -> str:
        """What stands before the path of an entity."""
        return f"/{self._workspace}" if self._workspace else ""


def _refuse(answer: EgressResponse, action: str, place: str) -> None:
    """Raise the error that Kong's status stands for."""
    status, said = answer.status, _message(answer.content)
    if status == 401:
        raise SettingsError(f"Kong did not accept the token on {action}.", action=_CHECK_SETTINGS)
    if status == 403:
        raise PermissionMissing(
            f"Kong refused {action} for this token.", missing=action, action="Add this endpoint to the role."
        )
    if status == 404:
        raise SettingsError(
            f"Kong knows no {action} at this address.",
            action=f"Check {place}.",
        )
    if status == 405:
        raise PermissionMissing(
            f"Kong does not allow {action}: {said}",
            missing=action,
            action="A Kong without a database, or a read-only route in front of it, takes no changes.",
        )
    if status == 409:
        raise ConflictError(f"Kong refused {action}: {said}", action="Read the state again and retry.")
    if status in (429, 500, 502, 503, 504):
        raise TransientError(f"Kong answered {status} on {action}.")
    refused = BadRequest if status == 400 else VendorAnswerError
    raise refused(f"Kong answered {status} on {action}: {said}")


def document_of(answer: EgressResponse, action: str) -> dict[str, Any]:
    """The answer as a JSON object."""
    try:
        document = orjson.loads(answer.content)
    except orjson.JSONDecodeError as error:
        raise VendorAnswerError(
            f"The answer to {action} was not JSON.",
            action="Check that the address is the API's and not Kong Manager's or the proxy's.",
        ) from error
    if not isinstance(document, dict):
        raise VendorAnswerError(f"The answer to {action} was not a JSON object.")
    return document


def _message(content: bytes) -> str:
    """Kong's own short explanation, if it gave one."""
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        return "no explanation."
    told = document if isinstance(document, dict) else {}
    message = told.get("message") or told.get("detail")  # Konnect's own services say "detail"
    return message[:300] if isinstance(message, str) else "no explanation."


def _quoted(offset: object) -> str:
    """The opaque offset as a query value."""
    return quote(str(offset), safe="")
