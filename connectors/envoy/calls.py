"""Receive access log lines that a shipper (Fluent Bit, Vector, …) pushes."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.egress import Egress
from connectors.envoy import json_log, text
from connectors.envoy.manifest import EnvoySettings


class Calls(Receiver):
    """The receive-calls capability for shippers of Envoy's logs."""

    def __init__(self, settings: EnvoySettings, egress: Egress) -> None:
        """Nothing of the settings is needed to read lines."""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The lines of one push: text in a default format, JSON lines, or a JSON array."""
        lines = tuple(line for line in body.splitlines() if line.strip())
        if lines and lines[0].startswith(b"[") and b'] "' in lines[0][:48]:
            return RawBatch(text.SOURCE, lines)
        return RawBatch(json_log.SOURCE, json_records(body, "access log lines of Envoy, as text or JSON"))

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a line that cannot be read is quarantined with its reason."""
        return (text.read if batch.source == text.SOURCE else json_log.read)(batch)
