"""Who changed load balancers and policies: Cloud Audit Logs' admin activity, which no project can switch off.

Sources: "Cloud Audit Logs" (AuditLog, operation.first and .last), "Audit logging" of Cloud Armor and Cloud Load Balancing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from connectors.base.capabilities import Cursor
from connectors.base.changes import ConfigChange
from connectors.base.clock import wall_clock
from connectors.base.google.audit import changes
from connectors.cloudarmor.client import Project, resource_name

if TYPE_CHECKING:
    from connectors.base.identity import Identity
    from connectors.cloudarmor.manifest import CloudArmorSettings
    from connectors.egress import Egress

#: Every kind we read, of global and of regional methods (``v1.compute.regionUrlMaps.patch``).
_COLLECTIONS: Final = "|".join(
    ("ecurityPolicies", "ackendServices", "rlMaps", "argetHttps?Proxies", "slPolicies", "orwardingRules")
)
_CHOSEN: Final = (
    'logName="projects/{project}/logs/cloudaudit.googleapis.com%2Factivity" '
    f'AND protoPayload.serviceName="compute.googleapis.com" AND protoPayload.methodName=~"({_COLLECTIONS})[.]"'
)


class Changes:
    """The read-changes capability."""

    def __init__(
        self,
        settings: CloudArmorSettings,
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
        """Changes of load balancers and policies, oldest first; at first those of the last thirty days.

        What was taken in during the last five minutes before the cursor is told again, under the same ``ref``.
        """
        project = Project(self._settings, self._egress, self._identity)
        chosen = _CHOSEN.format(project=project.id)
        yield from changes(project.logs(), chosen, _object_ref, cursor, self._clock())


def _object_ref(name: str) -> str:
    return resource_name(name) or name
