"""Receive what Logpush sends to an HTTP destination: gzip, one JSON record per line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.errors import VendorAnswerError
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.cloudflare.logs import REQUESTS, dataset_of, normalise
from connectors.cloudflare.manifest import CloudflareSettings
from connectors.egress import Egress

#: What Logpush uploads when a job is made, to see whether the destination answers.
_TEST: Final = (b'{"content":"tests"}', b'{"content":"test"}')


class Calls(Receiver):
    """The receive-calls capability for Logpush jobs of both datasets."""

    joins = True

    def __init__(self, settings: CloudflareSettings, egress: Egress) -> None:
        """Nothing of the settings is needed to read records."""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The records of one push; the test of a new job has none. One job sends one dataset."""
        if b"".join(body.split()) in _TEST:
            return RawBatch(REQUESTS, ())
        records = json_records(body, "Logpush records, one JSON object per line")
        dataset = next((found for record in records if (found := dataset_of(record))), None)
        if dataset is None:
            raise VendorAnswerError(
                "The push has neither records of http_requests nor of firewall_events.",
                unchanged="No call was stored.",
                action="Choose one of these datasets for the job, with the fields that the set-up text lists.",
            )
        return RawBatch(dataset, records)

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Neutral calls; a record that cannot be read is quarantined with its reason."""
        return normalise(batch)
