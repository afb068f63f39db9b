"""Receive pushed log lines: any recognised line format, one record per line, plain or gzip."""

from __future__ import annotations

import io
from collections.abc import Mapping

from connectors.base.calls import NORMALISED_SCHEMA, CallBatch, RawBatch
from connectors.base.columns import quarantined
from connectors.base.detect import detect
from connectors.base.errors import VendorAnswerError
from connectors.base.formats import CallFormat, file_formats
from connectors.base.receiving import Receiver
from connectors.base.stream import ReadLimits, chunks
from connectors.egress import Egress
from connectors.file.manifest import FileSettings
from connectors.file.read import with_host

_PUSH_LIMITS = ReadLimits(max_bytes=64 << 20)


class Calls(Receiver):
    """The receive-calls capability for log shippers (Vector, Fluent Bit, rsyslog …)."""

    def __init__(self, settings: FileSettings, egress: Egress) -> None:
        self._host = settings.default_host or ""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The lines of one push; ``VendorAnswerError`` when they are in no known log format."""
        data = b"".join(chunks(io.BytesIO(body), _PUSH_LIMITS))
        offered = detect(data, "")
        if not isinstance(offered, CallFormat):
            raise VendorAnswerError(
                "The push is in no known log format.",
                unchanged="No call was stored.",
                action="Send one record per line, in one of the formats of the list in docs/connectors/file.md.",
            )
        records = data.splitlines() if offered.entries is None else offered.entries(data)
        context = {**offered.context(data[:4096]), "host": self._host}
        return RawBatch(offered.name, offered.without_comments(records), context)

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls by the format that ``batch.source`` names."""
        offered = file_formats().get(batch.source)
        if not isinstance(offered, CallFormat):
            reason = f"no reader for {batch.source}"
            bad = tuple(quarantined(record, reason) for record in batch.records)
            return CallBatch(batch.source, NORMALISED_SCHEMA.empty_table(), bad)
        return with_host(offered.normalise(batch), batch.context.get("host", ""))
