"""A vendor's push: check the connection's token, bound and unpack the body, keep its records durably, acknowledge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa
import structlog
from django.db import InterfaceError, OperationalError, transaction

from connectors.base.errors import ConnectorError
from connectors.base.receiving import PushAnswer, Receiver
from controlplane.connections import services as connections
from controlplane.traffic import pushes, queries
from controlplane.traffic.door.limits import MAX_PUSH_BYTES, MAX_PUSH_RECORDS, MAX_PUSH_VALUES
from tenants.errors import DomainError, Invalid, TooLarge, TooMany, Unauthenticated, Unavailable

log = structlog.get_logger(__name__)

#: A tenant's pushes and stored calls that nobody has read yet; above it senders are asked to wait.
MAX_WAITING_BYTES: Final = 2 << 30
_WAIT_SECONDS: Final = 60
_NOT_KEPT: Final = Unavailable(
    "push-not-kept",
    "The database did not keep the push. Send the same push again later: calls that arrive twice are counted once.",
    retry_after=30,
)
_CODECS: Final = {"gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd"}
_MAGIC: Final = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_CHUNK: Final = 1 << 20


def receive(connection_id: str, body: bytes, headers: Mapping[str, str], now: float) -> PushAnswer:
    """Keep what a vendor pushed and answer in its form. Header names are lower case; ``now`` is Unix time in seconds.

    Raises ``Unauthenticated`` without the right ingest token (also for an unknown connection), ``TooLarge`` over
    the size limits, ``Invalid`` when the body is none of the connector's shapes, ``TooMany`` while too much waits to be
    read. Nothing is stored then. ``Unavailable`` when the database did not take it or went away meanwhile: the same push
    again is counted once.
    """
    recipient = connections.recipient(connection_id)
    receiver = recipient.receiver
    try:
        push_id, records = _kept(recipient, connection_id, body, headers, now)
    except DomainError as error:
        return _refused(receiver, error, headers, now)
    except (OperationalError, InterfaceError):
        log.exception("a push could not be kept", connection=connection_id)
        return _refused(receiver, _NOT_KEPT, headers, now)
    return receiver.acknowledged(headers, push_id, records, now)


def _refused(
    receiver: type[Receiver], error: DomainError, headers: Mapping[str, str], now: float
) -> PushAnswer:
    answer = receiver.refused(headers, error.status, error.detail, now)
    if answer is None:
        raise error
    if error.retry_after is None:
        return answer
    return replace(answer, headers={**answer.headers, "Retry-After": str(error.retry_after)})


def _kept(
    recipient: connections.Recipient, connection_id: str, body: bytes, headers: Mapping[str, str], now: float
) -> tuple[str, int]:
    token = recipient.receiver.presented_token(headers)
    signed = None if token else _signed(recipient, connection_id, headers, now)
    if signed is None and not recipient.accepts(token):
        raise Unauthenticated(
            "ingest-token-refused",
            "The ingest token is missing or wrong for this connection. Nothing was stored. "
            "Copy the token from the connection's set-up page.",
        )
    if queries.waiting_bytes() > MAX_WAITING_BYTES:
        raise TooMany(
            "calls-waiting",
            "Too many calls wait to be analysed. Nothing was stored. Send the same push again later.",
            retry_after=_WAIT_SECONDS,
        )
    content = unpacked(body, headers.get("content-encoding", ""))
    _check_values(content)
    connector = signed or recipient.connector()
    try:
        batch = connector.parse(content, headers)
    except ConnectorError as error:
        raise Invalid("unreadable-push", error.sentence()) from error
    if len(batch.records) > MAX_PUSH_RECORDS:
        raise _too_large(f"{MAX_PUSH_RECORDS} records")
    with transaction.atomic():
        if token:
            recipient.token_in_use()
        # A sender's test of the way has no records: there is nothing to keep then.
        push_id = pushes.keep(connection_id, batch, now) if batch.records else ""
    return push_id, len(batch.records)


def _signed(
    recipient: connections.Recipient, connection_id: str, headers: Mapping[str, str], now: float
) -> Any:
    """The connector that knows a push without our token to be its vendor's; None when it does not."""
    if not (recipient.is_open and recipient.receiver.verifies):
        return None
    try:
        connector = recipient.connector()
    except DomainError:  # settings are missing: there is nothing to hold the push against
        return None
    return connector if connector.verified(headers, connections.ingest_url(connection_id), now) else None


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body without its content encoding (gzip, zstd or none); never more than ``MAX_PUSH_BYTES``."""
    if len(body) > MAX_PUSH_BYTES:
        raise _too_large(f"{MAX_PUSH_BYTES} bytes")
    codec = _CODECS.get(encoding.strip().lower()) or next(
        (name for magic, name in _MAGIC if body.startswith(magic)), None
    )
    if codec is None:
        return body
    chunks: list[bytes] = []
    size = 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(body), codec) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > MAX_PUSH_BYTES:
                    raise _too_large(f"{MAX_PUSH_BYTES} bytes unpacked")
                chunks.append(chunk)
    except (OSError, pa.ArrowException) as error:
        raise Invalid(f"broken-{codec}", "The body could not be unpacked. Nothing was stored.") from error
    return b"".join(chunks)


def _check_values(content: bytes) -> None:
    """Refuse what is short as text and endless as values before anything is built from it."""
    if content.count(b",") + content.count(b"{") + content.count(b"[") > MAX_PUSH_VALUES:
        raise _too_large(f"{MAX_PUSH_VALUES} values")


def _too_large(limit: str) -> TooLarge:
    return TooLarge(
        "push-too-large",
        f"The push has more than {limit}. Nothing was stored. Send smaller batches.",
    )
