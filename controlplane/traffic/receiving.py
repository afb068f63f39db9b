"""A vendor's push: check the connection's token, bound and unpack the body, normalise, accept."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Mapping
from typing import Final

from connectors.base.capabilities import Capability
from connectors.base.errors import ConnectorError
from controlplane.connections import services as connections
from controlplane.traffic import queries, services
from controlplane.traffic.door.limits import MAX_PUSH_BYTES
from controlplane.traffic.types import Accepted
from tenants.errors import Invalid, TooLarge, TooMany, Unauthenticated

#: A tenant's stored calls that inventory and detection have not read yet; above it senders are asked to wait.
MAX_UNREAD_BYTES: Final = 2 << 30
_WAIT_SECONDS: Final = 60


def receive(connection_id: str, body: bytes, headers: Mapping[str, str], now: float) -> Accepted:
    """Store what a vendor pushed. Header names are lower case; ``now`` is Unix time in seconds.

    Raises ``Unauthenticated`` without the right ingest token (also for an unknown connection), ``TooLarge`` over
    the size limit, ``Invalid`` when the body is none of the connector's shapes, ``TooMany`` while too much waits to be
    analysed. Nothing is stored then.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not connections.accepts_token(connection_id, token.strip()):
        raise Unauthenticated(
            "ingest-token-refused",
            "The ingest token is missing or wrong for this connection. Nothing was stored. "
            "Copy the token from the connection's set-up page.",
        )
    if queries.waiting_bytes() > MAX_UNREAD_BYTES:
        raise TooMany(
            "calls-waiting",
            "Too many calls wait to be analysed. Nothing was stored. Send the same push again later.",
            retry_after=_WAIT_SECONDS,
        )
    content = unpacked(body, headers.get("content-encoding", ""))
    connector = connections.open_connector(connection_id, Capability.RECEIVE_CALLS)
    try:
        batch = connector.normalise(connector.parse(content, headers))
    except ConnectorError as error:
        raise Invalid("unreadable-push", error.sentence()) from error
    connections.token_in_use(connection_id)
    return services.accept(connection_id, batch, now)


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body without its content encoding (gzip or none); never more than ``MAX_PUSH_BYTES``."""
    too_large = TooLarge(
        "push-too-large",
        f"The body is larger than {MAX_PUSH_BYTES} bytes. Nothing was stored. Send smaller batches.",
    )
    if len(body) > MAX_PUSH_BYTES:
        raise too_large
    if encoding.lower() != "gzip" and body[:2] != b"\x1f\x8b":
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            content = packed.read(MAX_PUSH_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Invalid("broken-gzip", "The body could not be unpacked. Nothing was stored.") from error
    if len(content) > MAX_PUSH_BYTES:
        raise too_large
    return content
