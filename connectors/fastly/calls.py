"""Receive what Fastly's log streaming sends to an HTTPS endpoint, and requests of the Next-Gen WAF from a forwarder."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import msgspec

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.egress import Egress
from connectors.fastly.logs import LINES, normalise, source_of
from connectors.fastly.manifest import FastlySettings


class _Feed(msgspec.Struct):
    data: list[msgspec.Raw]


_feed = msgspec.json.Decoder(_Feed)


class Calls(Receiver):
    """The receive-calls capability."""

    def __init__(self, settings: FastlySettings, egress: Egress) -> None:
        """Nothing of the settings is needed to read records."""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The records of one push: lines, an array, or an answer of the request feed (``{"data": […]}``)."""
        records = json_records(body, "JSON records, one per line or as an array")
        if len(records) == 1:
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                records = tuple(bytes(entry) for entry in _feed.decode(records[0]).data)
        return RawBatch(source_of(records[0]) if records else LINES, records)

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a record that cannot be read is quarantined with its reason."""
        return normalise(batch)
