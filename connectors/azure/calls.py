"""Receive records of a diagnostic setting that something in the customer's subscription forwards."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.azure.manifest import AzureSettings
from connectors.azure.records import SOURCE, read, split
from connectors.base.calls import CallBatch, RawBatch
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.egress import Egress


class Calls(Receiver):
    """The receive-calls capability for a Function, a Logic App or any other forwarder."""

    joins = True

    def __init__(self, settings: AzureSettings, egress: Egress) -> None:
        """Nothing of the settings is needed to read records."""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The records of one push: ``{"records":[…]}``, an array of either, or one per line."""
        found: list[bytes] = []
        for record in json_records(body, "records of Azure Monitor as JSON"):
            inside = split(record)
            found += (record,) if inside is None else inside
        return RawBatch(SOURCE, tuple(found))

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a record that cannot be read is quarantined with its reason."""
        return read(batch)
