"""Where a push is addressed to: a connection, read once, and who may push to it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from connectors.base import registry
from connectors.base.capabilities import Capability
from connectors.base.receiving import Receiver
from controlplane.connections.models import Connection
from controlplane.connections.services.form import token_hash
from controlplane.connections.services.opening import connector_of
from controlplane.connections.types import ConnectionStatus


@dataclass(frozen=True, slots=True)
class Recipient:
    """A connection as it was when a push came, or none: whoever pushes to an unknown one is told nothing about it."""

    _row: Connection | None

    @property
    def receiver(self) -> type[Receiver]:
        """How its pushes look on the wire; the common form for an unknown connection."""
        manifest = registry.manifests().get(self._row.connector) if self._row else None
        if manifest is None or Capability.RECEIVE_CALLS not in manifest.capabilities:
            return Receiver
        found = registry.implementation(manifest.key, Capability.RECEIVE_CALLS)
        return found if issubclass(found, Receiver) else Receiver

    @property
    def is_open(self) -> bool:
        """Whether the connection exists and is not switched off."""
        return self._row is not None and self._row.status != ConnectionStatus.DISABLED

    def accepts(self, token: str) -> bool:
        """Whether the token is this connection's; False too for unknown and switched-off connections."""
        held = self._row.ingest_token_hash if self._row and self.is_open else ""
        return hmac.compare_digest(held or "none", token_hash(token)) if token else False

    def connector(self) -> Any:
        """What reads its pushes; raises as ``open_connector`` does."""
        return connector_of(self._row, Capability.RECEIVE_CALLS)

    def token_in_use(self) -> None:
        """Forget the clear token: the vendor has it now, so nobody needs to read it again."""
        if self._row and self._row.ingest_token_sealed:
            Connection.objects.filter(pk=self._row.id).update(ingest_token_sealed="")


def recipient(connection_id: str) -> Recipient:
    """Where pushes to this connection go, whether or not there is one."""
    return Recipient(Connection.objects.filter(pk=connection_id).first())
