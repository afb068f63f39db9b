"""Calls pulled from Cloud Logging, where a message logging policy of the proxies writes them.

Apigee has no access log of its own that holds every call with its caller; the set-up texts have the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from connectors.apigee import messages
from connectors.apigee.client import Organization
from connectors.base.calls import CallBatch, RawBatch
from connectors.base.capabilities import Cursor
from connectors.base.clock import wall_clock
from connectors.base.google.logs import pulled
from connectors.base.model import ConfigSnapshot

if TYPE_CHECKING:
    from connectors.apigee.manifest import ApigeeSettings
    from connectors.base.identity import Identity
    from connectors.egress import Egress


class Calls:
    """The pull-calls capability."""

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

    def read_calls(
        self, cursor: Cursor, snapshot: ConfigSnapshot | None
    ) -> Iterator[tuple[RawBatch, Cursor]]:
        """Pages of entries, each with the cursor that is true once it is stored; nothing when no log is named."""
        if not self._settings.message_log:
            return
        organization = Organization(self._settings, self._egress, self._identity)
        name = f"{organization.project}/logs/{quote(self._settings.message_log, safe='')}"
        for entries, reached in pulled(organization.logs(), f'logName="{name}"', cursor, self._clock()):
            yield RawBatch(messages.SOURCE, entries), reached

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a record that cannot be read is quarantined with its reason."""
        return messages.normalise(batch)
