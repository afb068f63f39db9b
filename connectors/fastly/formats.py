"""Files Fastly users have: objects that log streaming wrote to a bucket, and exported requests of the Next-Gen WAF."""

from __future__ import annotations

from typing import Final

from connectors.base.formats import CallFormat, FileFormat
from connectors.fastly.logs import LINES, WAF, marks, normalise, source_of


def _first(head: bytes) -> bytes:
    first = head.lstrip(b" \t\r\n[").split(b"\n", 1)[0]
    return first if first.startswith(b"{") else b""


def _looks_like_waf(head: bytes, filename: str) -> float:
    first = _first(head)
    return 0.97 if first and source_of(first) == WAF else 0.0


def _looks_like_lines(head: bytes, filename: str) -> float:
    """Keys are the customer's choice: two of those that Fastly's own formats have, or its name in one."""
    first = _first(head)
    if not first or source_of(first) == WAF:
        return 0.0
    return min(0.85, 0.25 * marks(first) + 0.35 * (b'"fastly' in first))


FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(LINES, "Fastly log streaming (JSON)", _looks_like_lines, normalise),
    CallFormat(WAF, "Fastly Next-Gen WAF requests", _looks_like_waf, normalise),
)
