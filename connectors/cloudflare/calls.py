"""Receive what Logpush sends to an HTTP destination (gzip, one JSON record per line); pull events where asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.capabilities import Cursor
from connectors.base.clock import wall_clock
from connectors.base.errors import VendorAnswerError
from connectors.base.model import ConfigSnapshot
from connectors.base.pushed import json_records
from connectors.base.receiving import Receiver
from connectors.cloudflare.client import ApiV4
from connectors.cloudflare.events import ROWS, is_due, pull
from connectors.cloudflare.logs import REQUESTS, dataset_of, normalise
from connectors.cloudflare.manifest import CloudflareSettings
from connectors.cloudflare.zones import read_zones
from connectors.egress import Egress

#: What Logpush uploads when a job is made, to see whether the destination answers.
_TEST: Final = (b'{"content":"tests"}', b'{"content":"test"}')


class Calls(Receiver):
    """Takes what Logpush jobs of both datasets send, and pulls sampled firewall events when the settings ask for it."""

    joins = True

    def __init__(
        self,
        settings: CloudflareSettings,
        egress: Egress,
        *,
        clock: Callable[[], datetime] = wall_clock,
        rows: int = ROWS,
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._clock = clock
        self._rows = rows

    def read_calls(
        self, cursor: Cursor, snapshot: ConfigSnapshot | None
    ) -> Iterator[tuple[RawBatch, Cursor]]:
        """Sampled firewall events of every zone, once a minute at most; nothing unless ``pull_events`` is set."""
        now = self._clock()
        if not self._settings.pull_events or not is_due(cursor, now):
            return
        api = ApiV4(self._settings, self._egress)
        zones = read_zones(api, self._settings.zones).chosen
        yield from pull(api, zones, cursor, now, self._rows)

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
