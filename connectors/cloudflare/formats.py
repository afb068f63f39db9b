"""Files Cloudflare users have: objects that Logpush wrote to a bucket, and exported GraphQL rows, one record per line."""

from __future__ import annotations

from typing import Final

from connectors.base.formats import CallFormat, FileFormat, Sniff
from connectors.cloudflare.logs import EVENTS, REQUESTS, dataset_of, normalise

_OWN: Final = (
    b'"RayID"',
    b'"EdgeStartTimestamp"',
    b'"EdgeResponseStatus"',
    b'"ClientRequestHost"',
    b'"rayName"',
)


def _looks_like(dataset: str) -> Sniff:
    def sniff(head: bytes, filename: str) -> float:
        first = head.lstrip(b" \t\r\n[").split(b"\n", 1)[0]
        if not first.startswith(b"{") or dataset_of(first) != dataset:
            return 0.0
        return 0.97 if any(mark in first for mark in _OWN) else 0.5

    return sniff


FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(REQUESTS, "Cloudflare HTTP requests (Logpush)", _looks_like(REQUESTS), normalise),
    CallFormat(EVENTS, "Cloudflare firewall events (Logpush, GraphQL)", _looks_like(EVENTS), normalise),
)
