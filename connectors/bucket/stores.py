"""What the connector needs of an object store, whoever runs it: list a prefix in pages, read a part of an object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from connectors.base.errors import VendorAnswerError


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a list. ``modified`` is Unix time by the store's clock; ``appendable`` ones only ever grow."""

    key: str
    size: int
    etag: str
    modified: float
    appendable: bool = False


class ObjectUnread(Exception):
    """One object could not be read, which says nothing about others. ``again``: the next pass will find it anew."""

    def __init__(self, reason: str, *, again: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


class Store(Protocol):
    """An object store. Raises ``ConnectorError``; ``ObjectUnread`` for what concerns one object alone."""

    #: Unix time by the store's clock when it answered last, None when it did not say.
    clock: float | None

    def objects(self, prefix: str, after: str = "") -> Iterator[list[StoredObject]]:
        """All objects under ``prefix``, page by page to the end, without those up to ``after`` in its order."""
        ...

    def read(self, found: StoredObject, start: int, end: int) -> bytes:
        """Exactly the bytes ``[start, end)`` of the version that was listed."""
        ...

    def probe(self, key: str) -> None:
        """Read a byte of ``key``: returns when reading is allowed, whether or not there is such an object."""
        ...


def iso_time(text: str) -> float:
    """Unix time of a list's ISO 8601 time; ``VendorAnswerError`` when it is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except ValueError as error:
        raise VendorAnswerError("The list of objects holds a time that cannot be read.") from error


def check_part(content: bytes, status: int, start: int, end: int) -> bytes:
    """The asked part of an object; a store that ignores ranges may send all of it."""
    if status == 200 and len(content) >= end:
        content = content[start:end]
    if len(content) != end - start:
        raise VendorAnswerError(
            f"{end - start} bytes of an object were asked for and {len(content)} came.",
            action="Check proxies between Portcullis and the store.",
        )
    return content
