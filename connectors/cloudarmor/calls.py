"""Receive load balancer entries: pushed by Pub/Sub, or forwarded as JSON lines with our token."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import msgspec

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.errors import VendorAnswerError
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.cloudarmor.manifest import CloudArmorSettings
from connectors.cloudarmor.requests import SOURCE, read
from connectors.cloudarmor.signed import believed, is_signed
from connectors.egress import Egress


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

    def __init__(self, settings: CloudArmorSettings, egress: Egress) -> None:
        self._settings = settings
        self._egress = egress

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
