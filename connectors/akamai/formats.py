"""Files Akamai users have: answers of the SIEM API and objects of DataStream 2, one JSON record per line."""

from __future__ import annotations

from typing import Final

from connectors.akamai.logs import EVENTS, STREAM, normalise, source_of
from connectors.base.formats import CallFormat, FileFormat, Sniff


def _looks_like(source: str) -> Sniff:
    def sniff(head: bytes, filename: str) -> float:
        first = head.lstrip(b" \t\r\n[").split(b"\n", 1)[0]
        return 0.97 if first.startswith(b"{") and source_of(first) == source else 0.0

    return sniff


FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(EVENTS, "Akamai security events (SIEM API)", _looks_like(EVENTS), normalise),
    CallFormat(STREAM, "Akamai DataStream 2 (JSON)", _looks_like(STREAM), normalise),
)
