"""HTTP archives as files."""

from __future__ import annotations

import re
from typing import Final

from connectors.base.formats import CallFormat, FileFormat
from connectors.har.entries import SOURCE, entries, read

_START: Final = re.compile(rb'\s*\{\s*"log"\s*:\s*\{')
_MARKS: Final = (b'"creator"', b'"entries"', b'"version"', b'"pages"', b'"startedDateTime"')


def _looks_like_archive(head: bytes, filename: str) -> float:
    """One document whose ``log`` has a creator, a version or entries."""
    if not _START.match(head):
        return 0.0
    hits = sum(mark in head for mark in _MARKS)
    return 0.98 if hits > 1 else 0.6 if filename.lower().endswith(".har") else 0.0


FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(SOURCE, "HTTP archive (HAR)", _looks_like_archive, read, entries),
)
