"""Load balancer entries: pushed by Pub/Sub, forwarded as JSON lines with our token, or pulled from Cloud Logging.

A pull reads windows of the time Google took entries in, a little of the one before again; an entry's ``insertId`` is the
call's id, so what is read twice is dropped at the door.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

import msgspec

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.capabilities import Cursor
from connectors.base.clock import wall_clock
from connectors.base.errors import VendorAnswerError
from connectors.base.google.logs import pulled
from connectors.base.identity import Identity
from connectors.base.model import ConfigSnapshot
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.cloudarmor.client import Project, is_configured
from connectors.cloudarmor.manifest import CloudArmorSettings, Logs
from connectors.cloudarmor.requests import SOURCE, read
from connectors.cloudarmor.signed import believed, is_signed
from connectors.egress import Egress

CHOSEN: Final = (
    'resource.type=("http_load_balancer" OR "http_external_regional_lb_rule" OR "internal_http_lb_rule") '
    "AND httpRequest.requestMethod:*"
)


class _Message(msgspec.Struct):
    data: str = ""
    messageId: str = ""  # noqa: N815 - Pub/Sub's name


class _Push(msgspec.Struct):
    message: _Message
    subscription: str


_push = msgspec.json.Decoder(_Push)


class Calls(Receiver):
    """The receive-calls capability for Pub/Sub push subscriptions and for whatever forwards entries to us."""

    joins = True

    verifies = True

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

    def read_calls(
        self, cursor: Cursor, snapshot: ConfigSnapshot | None
    ) -> Iterator[tuple[RawBatch, Cursor]]:
        """Pages of entries, each with the cursor that is true once it is stored; nothing when logs are pushed."""
        if self._settings.logs is not Logs.PULL or not is_configured(self._settings):
            return
        source = Project(self._settings, self._egress, self._identity).logs(self._settings.log_scope)
        for entries, reached in pulled(source, CHOSEN, cursor, self._clock()):
            yield RawBatch(SOURCE, entries), reached

    @classmethod
    def presented_token(cls, headers: Mapping[str, str]) -> str:
        """Our token of a forwarder; a JWT of Google is none of ours."""
        token = super().presented_token(headers)
        return "" if is_signed(token) else token

    def verified(self, headers: Mapping[str, str], address: str, now: float) -> bool:
        """Whether Google signed the push for the service account of the settings and for this connection."""
        token = super().presented_token(headers)
        settings = self._settings
        if not is_signed(token) or not settings.service_account:
            return False
        audience = settings.audience or address
        return believed(token, settings.service_account, audience, settings.keys_url, self._egress, now)

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The entries of one push: Pub/Sub's envelope, one entry (envelope taken off), an array, or lines."""
        return RawBatch(SOURCE, entries(body))

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a record that cannot be read is quarantined with its reason."""
        return read(batch)


def entries(body: bytes) -> tuple[bytes, ...]:
    """The log entries of a push; ``VendorAnswerError`` when it is in none of the known shapes."""
    if body.lstrip()[:1] == b"{":
        try:
            return (_unpacked(_push.decode(body).message.data),)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    return json_records(body, "a message of Pub/Sub and no log entries as JSON")


def _unpacked(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise VendorAnswerError(
            "The data of the Pub/Sub message is not base64.", unchanged="No call was stored."
        ) from None
