"""Recognise a file by its first bytes and its name."""

from __future__ import annotations

from typing import Final

from connectors.base.formats import FileFormat, file_formats

#: How many uncompressed bytes a format needs to see.
HEAD_BYTES: Final = 1 << 16
_ENOUGH: Final = 0.4


def detect(first_bytes: bytes, filename: str) -> FileFormat | None:
    """The best fitting format, or None when nothing fits well enough. ``first_bytes`` are uncompressed."""
    head = first_bytes[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf")
    best: FileFormat | None = None
    best_score = 0.0
    for offered in file_formats().values():
        score = offered.sniff(head, filename)
        if score > best_score:
            best, best_score = offered, score
    return best if best_score >= _ENOUGH else None


def known_formats() -> list[str]:
    """The titles of every format, for the message that a file was not recognised."""
    return [offered.title for offered in file_formats().values()]
