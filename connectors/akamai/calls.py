"""Receive DataStream 2 at a custom HTTPS endpoint, and SIEM events that a forwarder sends."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from connectors.akamai.logs import STREAM, normalise, source_of
from connectors.akamai.manifest import AkamaiSettings
from connectors.base.calls import CallBatch, RawBatch
from connectors.base.errors import VendorAnswerError
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.egress import Egress


class Calls(Receiver):
    """The receive-calls capability."""

    def __init__(self, settings: AkamaiSettings, egress: Egress) -> None:
        """Nothing of the settings is needed to read records."""

    @classmethod
    def presented_token(cls, headers: Mapping[str, str]) -> str:
        """DataStream sends no header of ours called Authorization, only basic authentication: the token is the password."""
        scheme, _, encoded = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return super().presented_token(headers)
        try:
            return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[2]
        except (ValueError, binascii.Error):
            return ""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The records of one push; the test of a new stream has none."""
        if b'"access_validation"' in body[:200]:
            return RawBatch(STREAM, ())
        records = json_records(body, "JSON records of DataStream 2 or of the SIEM API, one per line")
        source = next((found for record in records if (found := source_of(record))), None)
        if source is None:
            raise VendorAnswerError(
                "The push has neither DataStream 2 records nor SIEM events.",
                unchanged="No call was stored.",
                action="Choose JSON as log format, with the fields that the set-up text lists.",
            )
        return RawBatch(source, records)

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a record that cannot be read is quarantined with its reason."""
        return normalise(batch)
