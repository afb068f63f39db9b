"""One Google Cloud project: where its APIs are, what it has in all scopes, and changes that are waited for.

Sources: compute v1, networksecurity v1, logging v2 and cloudresourcemanager v3 discovery documents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.base.errors import SettingsError, TransientError, VendorAnswerError
from connectors.base.google.api import GoogleApi, Wanted, listed
from connectors.base.google.logs import LogSource
from connectors.base.google.refusals import NotReady
from connectors.base.google.settings import tokens
from connectors.cloudarmor.permissions import wanted

if TYPE_CHECKING:
    from connectors.base.identity import Identity
    from connectors.cloudarmor.manifest import CloudArmorSettings
    from connectors.egress import Egress

_PAGE: Final = "500"
#: Codes of warnings that mean "nothing here", not "could not look".
_HARMLESS: Final = ("NO_RESULTS_ON_PAGE", "DEPRECATED_RESOURCE_USED", "EXTERNAL_API_WARNING")
_WAITS: Final = (0.05, 0.2, 0.5, 1.0, 2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0)
UNCONFIGURED: Final = "No project is set, or nothing to sign in with: only pushes are taken."


@dataclass(frozen=True, slots=True)
class Found:
    """Resources of a project in all scopes, and the scopes Google could not reach, each in words."""

    resources: tuple[dict[str, Any], ...]
    unreachable: tuple[str, ...] = ()


def is_configured(settings: CloudArmorSettings) -> bool:
    """Whether the project can be read at all; a connection that only takes pushes cannot."""
    return bool(settings.project_id and settings.can_sign_in)


class Project:
    """The project of a connection, as its service account sees it."""

    def __init__(
        self,
        settings: CloudArmorSettings,
        egress: Egress,
        identity: Identity | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not is_configured(settings):
            raise SettingsError(
                UNCONFIGURED, action="Enter the project's id, and a key or the workload identity provider."
            )
        root = settings.api_url
        self.tokens = tokens(settings, egress, identity, root)
        self.api = GoogleApi(self.tokens, egress)
        self.id = settings.project_id
        self.name = f"projects/{settings.project_id}"
        self.compute = f"{root or 'https://compute.googleapis.com'}/compute/v1"
        self.network_security = f"{root or 'https://networksecurity.googleapis.com'}/v1"
        self.logging = f"{root or 'https://logging.googleapis.com'}/v2"
        self.resource_manager = f"{root or 'https://cloudresourcemanager.googleapis.com'}/v3"
        self._sleep = sleep

    def logs(self, scope: str = "") -> LogSource:
        """Where the project's logs are read: in it, or in another scope."""
        return LogSource(self.api, self.logging, scope or self.name, wanted("logging.logEntries.list"))

    def everywhere(self, collection: str) -> Found:
        """All resources of a collection (``urlMaps``), global and regional, in the order Google gives."""
        asked = wanted(f"compute.{collection}.list")
        url = f"{self.compute}/{self.name}/aggregated/{collection}"
        found: list[dict[str, Any]] = []
        unreachable: dict[str, None] = {}
        for page in self.api.pages(url, asked, {"maxResults": _PAGE}):
            scopes = page.get("items")
            if not isinstance(scopes, dict) or not str(page.get("kind", "")).startswith("compute#"):
                raise VendorAnswerError(
                    f"Google's answer is no aggregated list when one wants to {asked.action}."
                )
            for scope, inside in scopes.items():
                if not isinstance(inside, dict):
                    raise VendorAnswerError(f"Google's answer for {scope} cannot be read.")
                found += listed(inside, collection, asked)
                if _failed(inside.get("warning")):
                    unreachable[scope] = None
            names = page.get("unreachables")
            unreachable |= (
                dict.fromkeys(str(name) for name in names if name) if isinstance(names, list) else {}
            )
        return Found(tuple(found), tuple(unreachable))

    def policy(self, ref: str) -> dict[str, Any]:
        """One security policy with its rules; ``ref`` is its name from ``projects/`` on."""
        regional = "/regions/" in ref
        asked = wanted(f"compute.{'regionSecurityPolicies' if regional else 'securityPolicies'}.get")
        found = self.api.document("GET", f"{self.compute}/{ref}", asked)
        rules = found.get("rules")
        if not isinstance(rules, list) or not all(
            isinstance(rule, dict) and "priority" in rule for rule in rules
        ):
            raise VendorAnswerError(f"Google's answer to read {ref} has no list of rules.")
        return found

    def change(self, url: str, asked: Wanted, body: Mapping[str, Any] | None, operation_need: str) -> None:
        """Ask for a change of compute and wait until its operation is done.

        While another change of the same resource is on its way, it is asked again. ``TransientError`` when either
        takes too long: it is then not known whether the change was made.
        """
        for wait in (*_WAITS, None):
            try:
                operation = self.api.document("POST", url, asked, body=body)
                break
            except NotReady:
                if wait is None:
                    raise
                self._sleep(wait)
        self._wait(operation, operation_need)

    def _wait(self, operation: Mapping[str, Any], need: str) -> None:
        asked = wanted(need)
        for wait in (*_WAITS, None):
            if operation.get("status") == "DONE":
                break
            name, scope = operation.get("name"), _scope(str(operation.get("selfLink", "")))
            if not isinstance(name, str) or not scope:
                raise VendorAnswerError("Google answered a change without naming its operation.")
            if wait is None:
                raise TransientError(
                    "Google has not finished a change yet.", unchanged="It is not known whether it was made."
                )
            self._sleep(wait)
            operation = self.api.document(
                "GET", f"{self.compute}/{self.name}/{scope}/operations/{name}", asked
            )
        error = operation.get("error")
        if error:
            errors = error.get("errors") if isinstance(error, dict) else None
            said = errors[0].get("message", "") if isinstance(errors, list) and errors else ""
            raise VendorAnswerError(
                f"Google could not make the change: {str(said)[:300] or 'it did not say why.'}"
            )

    def wait_group(self, operation: Mapping[str, Any]) -> None:
        """Wait until an operation of networksecurity is done."""
        asked = wanted("networksecurity.operations.get")
        for wait in (*_WAITS, None):
            if operation.get("done") is True:
                break
            name = operation.get("name")
            if not isinstance(name, str) or wait is None:
                raise TransientError(
                    "Google has not finished a change of an address group yet.",
                    unchanged="It is not known whether it was made.",
                )
            self._sleep(wait)
            operation = self.api.document("GET", f"{self.network_security}/{name}", asked)
        error = operation.get("error")
        if error:
            said = error.get("message", "") if isinstance(error, dict) else ""
            raise VendorAnswerError(f"Google could not change the address group: {str(said)[:300]}")


def resource_name(link: object) -> str:
    """A link without host and version: ``projects/p/global/urlMaps/shop``; "" when it is none."""
    text = link if isinstance(link, str) else ""
    start = text.find("projects/")
    return text[start:] if start >= 0 else ""


def _scope(link: str) -> str:
    """``global`` or ``regions/<region>`` of an operation's link."""
    parts = resource_name(link).split("/")
    if len(parts) == 5 and parts[2] == "global":
        return "global"
    return "/".join(parts[2:4]) if len(parts) == 6 and parts[2] == "regions" else ""


def _failed(warning: object) -> bool:
    return isinstance(warning, dict) and warning.get("code") not in _HARMLESS
