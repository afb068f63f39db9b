"""Files Kong users have: log lines of file-log and http-log, and ``deck gateway dump`` documents."""

from __future__ import annotations

from typing import Final

from connectors.base.formats import CallFormat, ConfigFormat, FileFormat
from connectors.kong.calls import SOURCE, normalise
from connectors.kong.deck import load, looks_like_deck
from connectors.kong.konnect import SOURCE as KONNECT
from connectors.kong.konnect import looks_like_konnect
from connectors.kong.konnect import read as read_konnect


def _looks_like_log(head: bytes, filename: str) -> float:
    """Kong's serializer always writes ``latencies`` and ``request`` objects into the line."""
    first = head.lstrip()[:65536].split(b"\n", 1)[0]
    if not first.startswith((b"{", b"[")):
        return 0.0
    marks = (b'"latencies"', b'"started_at"', b'"request"', b'"tries"')
    hits = sum(mark in first for mark in marks)
    return (0.0, 0.1, 0.4, 0.95, 1.0)[hits]


FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(SOURCE, "Kong log (file-log, http-log)", _looks_like_log, normalise),
    CallFormat(KONNECT, "Konnect API requests (JSON)", looks_like_konnect, read_konnect),
    ConfigFormat("kong.deck", "decK dump (Kong configuration)", looks_like_deck, load),
)
