"""Files Azure users have: ``PT1H.json`` blobs of a diagnostic setting, and exported rows of log tables."""

from __future__ import annotations

import re
from typing import Final

from connectors.azure.records import SOURCE, read
from connectors.base.formats import CallFormat, FileFormat

_CATEGORY: Final = re.compile(
    rb'(?i)"(?:FrontDoor|ApplicationGateway)(?:Access|(?:WebApplication)?Firewall)Log"|"AGW(?:Access|Firewall)Logs"'
)
_ROW: Final = (b'"TimeGenerated', b'"RequestUri', b'"ClientIp')


def _looks_like_azure(head: bytes, filename: str) -> float:
    """A category or table name of these products, or the columns of their tables."""
    if not head.lstrip().startswith((b"{", b"[")):
        return 0.0
    start = head[:16384]
    if _CATEGORY.search(start):
        return 0.97
    return 0.6 if all(mark in start for mark in _ROW) else 0.0


FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(SOURCE, "Azure Front Door and Application Gateway log", _looks_like_azure, read),
)
