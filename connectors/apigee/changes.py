"""Who changed proxies, products, environments and security actions: Cloud Audit Logs' admin activity of Apigee.

Source: "Apigee audit logging" (service name, resource names).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from connectors.apigee.client import Organization
from connectors.base.capabilities import Cursor
from connectors.base.changes import ConfigChange
from connectors.base.clock import wall_clock
from connectors.base.errors import SettingsError
from connectors.base.google.audit import changes

if TYPE_CHECKING:
    from connectors.apigee.manifest import ApigeeSettings
    from connectors.base.identity import Identity
    from connectors.egress import Egress

_CHOSEN: Final = (
    'logName="{project}/logs/cloudaudit.googleapis.com%2Factivity" '
    'AND protoPayload.serviceName="apigee.googleapis.com"'
)


class Changes:
    """The read-changes capability."""

    def __init__(
        self,
        settings: ApigeeSettings,
        egress: Egress,
        identity: Identity | None = None,
        *,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._identity = identity
        self._clock = clock

    def read_changes(self, cursor: Cursor) -> Iterator[tuple[tuple[ConfigChange, ...], Cursor]]:
        """Changes made by Apigee's management API, oldest first; at first those of the last thirty days.

        What was taken in during the last five minutes before the cursor is told again, under the same ``ref``.
        """
        if self._settings.on_edge:
            raise SettingsError("Who changed what at Apigee Edge is not read.")
        organization = Organization(self._settings, self._egress, self._identity)
        chosen = _CHOSEN.format(project=organization.project)
        yield from changes(organization.logs(), chosen, _object_ref, cursor, self._clock())


def _object_ref(name: str) -> str:
    """What we call the object of a resource name: the proxy of a revision, the proxy in an environment of a deployment."""
    return name.partition("/revisions/")[0].removesuffix("/deployments")
