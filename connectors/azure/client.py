"""Speak to Azure Resource Manager: pages to the end, long-running writes to theirs, refusals as our errors.

Source: "Azure Resource Manager REST": api-version, error envelope, ``nextLink``, asynchronous operations, throttling
(25 reads and 10 writes a second per subscription and application: more than the egress lets a connection ask).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from connectors.azure.entra import SignIn
from connectors.azure.manifest import AzureSettings
from connectors.base.clock import server_time
from connectors.base.errors import (
    ConflictError,
    ConnectorError,
    PermissionMissing,
    SettingsError,
    TransientError,
    VendorAnswerError,
)
from connectors.base.identity import Identity
from connectors.egress import Egress, EgressResponse

MAX_PAGES: Final = 1000
#: How long a write may take to be in force before we stop waiting, seconds.
LONGEST_WRITE: Final = 900.0
_SENT: Final = "The change was sent and may be in force."
_ACTION: Final = re.compile(r"perform action '([^']+)'")

#: The API version each kind of resource is asked with; the first that fits from the left. Policies are written whole, and
#: a version shows only the members it knows: for them it has to be the newest.
_VERSIONS: Final = (
    ("microsoft.network/frontdoorwebapplicationfirewallpolicies", "2026-04-01"),
    ("microsoft.network/", "2026-03-01"),
    ("microsoft.cdn/", "2025-04-15"),
    ("microsoft.apimanagement/", "2024-05-01"),
    ("microsoft.insights/diagnosticsettings", "2021-05-01-preview"),
    ("microsoft.insights/eventtypes", "2015-04-01"),
    ("microsoft.authorization/permissions", "2022-04-01"),
)


class MissingResource(SettingsError):
    """The resource asked for does not exist (any more)."""


class Arm:
    """One Azure environment as the application sees it. Paths begin with ``/subscriptions/``."""

    def __init__(
        self,
        settings: AzureSettings,
        egress: Egress,
        identity: Identity | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = settings.management_url
        self._egress, self._sleep = egress, sleep
        self._sign_in = SignIn(settings, egress, settings.management_url, identity)
        #: What time it was at Azure when it answered last, seconds since the epoch; None before and when it does not say.
        self.answered: float | None = None

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """One document. Raises ``MissingResource`` when Azure has none."""
        return _document(self._exchange("GET", self._address(path, query)), f"GET {path}")

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Every entry of a list, page by page to its end."""
        address: str = self._address(path, query)
        found: list[dict[str, Any]] = []
        for _ in range(MAX_PAGES):
            page = _document(self._exchange("GET", address), f"GET {path}")
            entries = page.get("value")
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise VendorAnswerError(f"Azure's answer to GET {path} has no list of entries.")
            found += entries
            following = page.get("nextLink")
            if not following:
                return found
            address = self._own(following, f"the list {path}")
        raise VendorAnswerError(f"Azure's list {path} did not end after {MAX_PAGES} pages.")

    def put(self, path: str, document: Mapping[str, Any]) -> None:
        """Replace a whole document and wait until it is in force.

        Raises ``ConflictError`` while another write is running, ``TransientError`` when it takes longer than we wait,
        ``VendorAnswerError`` when Azure gives the write up.
        """
        answer = self._exchange("PUT", self._address(path, {}), orjson.dumps(document))
        status_url, location = answer.headers.get("azure-asyncoperation"), answer.headers.get("location")
        if status_url or (location and answer.status in (201, 202)):
            self._finished(answer, self._own(status_url or location, f"the write of {path}"))

    def _finished(self, answer: EgressResponse, address: str) -> None:
        waited = 0.0
        while waited < LONGEST_WRITE:
            pause = _pause(answer)
            self._sleep(pause)
            waited += max(pause, 0.1)
            try:
                answer = self._exchange("GET", address)
            except TransientError:
                continue
            except ConnectorError as error:
                error.unchanged = _SENT
                raise
            if answer.status == 202:
                continue
            status = _status(answer)
            if status in ("succeeded", ""):
                return
            if status in ("failed", "canceled"):
                raise VendorAnswerError(
                    f"Azure gave the write up ({status}): {_said(answer)[1]}",
                    unchanged=_SENT,
                    action="The next reconciliation reads the policy and tries again.",
                )
        raise TransientError("Azure still puts the change in force; we stopped waiting.", unchanged=_SENT)

    def _exchange(self, method: str, address: str, content: bytes | None = None) -> EgressResponse:
        for again in (True, False):
            headers = {"authorization": f"Bearer {self._sign_in.token()}", "accept": "application/json"}
            if content is not None:
                headers["content-type"] = "application/json"
            answer = self._egress.request(method, address, headers=headers, content=content)
            if answer.status != 401 or not again:
                break
            self._sign_in.forget()  # it may have been revoked, or the clocks differ
        self.answered = server_time(answer.headers)
        if answer.status >= 300:
            refuse(answer, f"{method} {address.removeprefix(self._base).partition('?')[0]}")
        return answer

    def _address(self, path: str, query: Mapping[str, str]) -> str:
        kind = path.rpartition("/providers/")[2].lower()
        version = next(version for start, version in _VERSIONS if kind.startswith(start))
        return f"{self._base}{path}?{urlencode({'api-version': version, **query})}"

    def _own(self, address: object, what: str) -> str:
        """An address Azure gave us, when our token may go there: nowhere but to Azure itself."""
        if not isinstance(address, str) or not address.startswith(f"{self._base}/"):
            raise VendorAnswerError(f"Azure's answer to {what} leads to another address than Azure's.")
        return address


def refuse(answer: EgressResponse, action: str) -> None:
    """Raise the error that a refusal stands for."""
    status, (code, said) = answer.status, _said(answer)
    if status == 401:
        raise SettingsError(
            f"Azure did not accept our token on {action} ({code or status}).",
            action="Check that the application is of the tenant that owns the subscription.",
        )
    if status == 403:
        found = _ACTION.search(said)
        missing = found.group(1) if found else action
        raise PermissionMissing(
            f"Azure refused {missing}.",
            missing=missing,
            action="Add this action to the application's custom role.",
        )
    if status == 404:
        raise MissingResource(
            f"Azure knows nothing at {action} ({code or status}).",
            action="Check the subscription ids, and that the application has its role on them.",
        )
    if status in (409, 412):
        raise ConflictError(
            f"Azure refused {action}: {said}", action="The state is read again and tried again."
        )
    raise VendorAnswerError(f"Azure answered {status} on {action}: {code} {said}".strip())


def _document(answer: EgressResponse, action: str) -> dict[str, Any]:
    document = answer.json()
    if not isinstance(document, dict):
        raise VendorAnswerError(f"The answer to {action} was not a JSON object.")
    return document


def _said(answer: EgressResponse) -> tuple[str, str]:
    """Code and message of Azure's error envelope, empty when there is none."""
    try:
        document = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return "", ""
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("code") or ""), str(error.get("message") or "")[:500]


def _status(answer: EgressResponse) -> str:
    """The state of an operation; "" when the answer is the written resource itself."""
    try:
        document = orjson.loads(answer.content or b"{}")
    except orjson.JSONDecodeError as error:
        raise VendorAnswerError("Azure's answer on a running write was not JSON.", unchanged=_SENT) from error
    if not isinstance(document, dict):
        return ""
    status = document.get("status") or (document.get("properties") or {}).get("provisioningState")
    return str(status or "").lower()


def _pause(answer: EgressResponse) -> float:
    try:
        return min(max(float(answer.headers.get("retry-after", "5")), 0.0), 60.0)
    except ValueError:
        return 5.0
