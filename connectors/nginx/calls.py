"""Receive access log lines of nginx that a shipper pushes."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.errors import VendorAnswerError
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.egress import Egress
from connectors.nginx.json_log import SOURCE, read
from connectors.nginx.manifest import NginxSettings


class Calls(Receiver):
    """The receive-calls capability for shippers of nginx's JSON logs."""

    def __init__(self, settings: NginxSettings, egress: Egress) -> None:
        """Nothing of the settings is needed to read lines."""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The lines of one push: JSON lines, or a JSON array."""
        try:
            return RawBatch(SOURCE, json_records(body, "access log lines of nginx as JSON"))
        except VendorAnswerError as error:
            error.action = "Log as JSON; lines in the combined format go to a connection of the kind Files."
            raise

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a line that cannot be read is quarantined with its reason."""
        return read(batch)
