"""Ingest tokens: who may push calls to a connection."""

from __future__ import annotations

import hmac

from controlplane.connections.models import Connection
from controlplane.connections.services.form import token_hash
from controlplane.connections.types import ConnectionStatus


def accepts_token(connection_id: str, token: str) -> bool:
    """Whether the token is this connection's; False too for unknown and switched-off connections."""
    held = (
        Connection.objects.filter(pk=connection_id)
        .exclude(status=ConnectionStatus.DISABLED)
        .values_list("ingest_token_hash", flat=True)
        .first()
    )
    return hmac.compare_digest(held or "none", token_hash(token)) if token else False


def takes_pushes(connection_id: str) -> bool:
    """Whether the connection exists and is not switched off."""
    return Connection.objects.filter(pk=connection_id).exclude(status=ConnectionStatus.DISABLED).exists()


def token_in_use(connection_id: str) -> None:
    """Forget the clear token: the vendor has it now, so nobody needs to read it again."""
    Connection.objects.filter(pk=connection_id).exclude(ingest_token_sealed="").update(ingest_token_sealed="")
