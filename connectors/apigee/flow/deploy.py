"""Import, deploy and take away our shared flow: a revision is in force when every runtime says READY, else the one before.

Source: apigee v1 discovery document (``sharedflows``, their ``revisions`` and ``deployments``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from connectors.apigee.bundle import Bundle, opened
from connectors.apigee.client import Organization
from connectors.apigee.flow import package
from connectors.apigee.flow.state import READY
from connectors.apigee.permissions import wanted
from connectors.apigee.reading import read_deployments
from connectors.base.errors import ConnectorError, RefusedError, TransientError, VendorAnswerError

#: Seconds between looks at a deployment, the last of them again and again, and for how long.
_PAUSES: Final = (0.5, 1.0, 2.0, 3.0)
_PATIENCE: Final = 180.0


@dataclass(frozen=True, slots=True)
class Deployer:
    """Our shared flow in one environment; ``sleep`` waits between two looks at a deployment."""

    organization: Organization
    environment: str
    sleep: Callable[[float], None]

    def deploy(self) -> None:
        """Bring our revision into force. When it does not get ready, the revision before is deployed again, or none.

        ``RefusedError`` when what is deployed there, or the newest revision, is not ours.
        """
        before = self._deployed().get(self.environment)
        if before is not None:
            self._owned(before)
        revision = self._revision()
        try:
            if before != revision or self._state(revision) == "ERROR":
                self._put(revision)
            self._wait(revision)
        except ConnectorError as error:
            self._put_back(revision, before, error)
            raise

    def remove(self) -> None:
        """Undeploy here; where no other environment uses it, our shared flow is removed with all its revisions."""
        standing = self._deployed()
        revision = standing.get(self.environment)
        if revision is not None:
            self._owned(revision)
            self._take(revision)
        if len(standing) > (self.environment in standing):
            return
        if all(package.is_ours(self._bundle(number)) for number in self._revisions()):
            self._call("DELETE", f"/sharedflows/{package.NAME}", "apigee.sharedflows.delete", allow=(404,))

    def _revision(self) -> str:
        """The revision with our content, imported when the newest is another one; ``RefusedError`` when that is not ours."""
        revisions = self._revisions()
        if revisions:
            newest = self._owned(revisions[-1])
            if package.digest_of(newest) == package.digest_of(package.own()):
                return revisions[-1]
        query = urlencode({"action": "import", "name": package.NAME})
        answer = self.organization.upload(
            f"/sharedflows?{query}", package.NAME, package.archive(), "apigee.sharedflows.create"
        )
        revision = answer.get("revision")
        if not isinstance(revision, str) or not revision.isdigit():
            raise VendorAnswerError("Google imported the shared flow and names no revision.")
        return revision

    def _revisions(self) -> list[str]:
        """The numbers of all revisions, oldest first; none when there is no such shared flow."""
        answer = self._call("GET", f"/sharedflows/{package.NAME}", "apigee.sharedflows.get", allow=(404,))
        found = answer.get("revision", []) if answer else []
        if not isinstance(found, list) or not all(
            isinstance(entry, str) and entry.isdigit() for entry in found
        ):
            raise VendorAnswerError("Google's answer on our shared flow has no list of revisions.")
        return sorted(found, key=int)

    def _owned(self, revision: str) -> Bundle:
        """A revision that carries our mark; ``RefusedError`` when it does not."""
        found = self._bundle(revision)
        if not package.is_ours(found):
            raise RefusedError(
                f"Revision {revision} of the shared flow {package.NAME} in the organization is not ours.",
                action="Rename it, then block again.",
            )
        return found

    def _bundle(self, revision: str) -> Bundle:
        content = self.organization.bundle("sharedflows", package.NAME, revision)
        return opened(content, f"sharedflows/{package.NAME} revision {revision}", scripts=True)

    def _deployed(self) -> dict[str, str]:
        """The revision by environment."""
        return {
            str(entry["environment"]): str(entry["revision"])
            for entry in read_deployments(self.organization, "true")
            if entry["apiProxy"] == package.NAME
        }

    def _put(self, revision: str) -> None:
        self._call("POST", f"{self._place(revision)}?override=true", "apigee.sharedflowrevisions.deploy")

    def _take(self, revision: str) -> None:
        self._call("DELETE", self._place(revision), "apigee.sharedflowrevisions.undeploy", allow=(404,))

    def _state(self, revision: str) -> Any:
        found = self._call("GET", self._place(revision), "apigee.deployments.get")
        return (found or {}).get("state")

    def _wait(self, revision: str) -> None:
        waited, looks = 0.0, 0
        while waited < _PATIENCE:
            state = self._state(revision)
            if state == READY:
                return
            if state == "ERROR":
                raise VendorAnswerError(
                    f"Apigee could not deploy revision {revision} of {package.NAME} in {self.environment}.",
                    unchanged="The revision that was deployed before is deployed again; no block works by the new one.",
                    action="Look at the deployment's errors in the console.",
                )
            pause = _PAUSES[min(looks, len(_PAUSES) - 1)]
            waited, looks = waited + pause, looks + 1
            self.sleep(pause)
        raise TransientError(
            f"Revision {revision} of {package.NAME} is not ready in {self.environment} after {_PATIENCE:.0f} seconds.",
            unchanged="The revision that was deployed before is deployed again.",
        )

    def _put_back(self, revision: str, before: str | None, error: ConnectorError) -> None:
        """As it was before: the earlier revision, or none."""
        try:
            if before is None:
                self.remove()
            elif before != revision:
                self._put(before)
            else:
                error.unchanged = "It is deployed as it was; no hook was attached to it now."
        except ConnectorError as second:
            error.unchanged = f"The deployment before could not be put back: {second.what}"

    def _place(self, revision: str) -> str:
        where = quote(self.environment, safe="")
        return f"/environments/{where}/sharedflows/{package.NAME}/revisions/{revision}/deployments"

    def _call(
        self, method: str, path: str, permission: str, allow: tuple[int, ...] = ()
    ) -> dict[str, Any] | None:
        """The answer's document; None for an allowed status."""
        url = f"{self.organization.url}{path}"
        answer = self.organization.api.exchange(method, url, wanted(permission), allow=allow)
        if answer.status in allow:
            return None
        found: Any = orjson.loads(answer.content or b"{}")
        return found if isinstance(found, dict) else None
