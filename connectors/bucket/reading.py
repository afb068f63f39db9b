"""Read one object as batches of records: in ranges, unpacked within limits, from where the last read came to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import chain
from typing import Final

from connectors.base.calls import RawBatch
from connectors.base.detect import HEAD_BYTES, detect
from connectors.base.errors import ConnectorError, VendorAnswerError
from connectors.base.formats import CallFormat, file_formats
from connectors.base.pushed import json_records
from connectors.base.stream import ReadLimits, chunks, is_packed, numbered_lines
from connectors.bucket.position import Reached, key_hash, version_of
from connectors.bucket.stores import ObjectUnread, Store, StoredObject

#: Bytes asked for at once; the most of an object that is held packed.
RANGE: Final = 8 << 20
LIMITS: Final = ReadLimits()
#: A file that is one document (an array, a HAR) is read whole.
_DOCUMENT: Final = ReadLimits(max_bytes=64 << 20)
_ARRAY: Final = re.compile(rb"\s*\[\s*(?:[{\[\]]|$)")
_BATCH: Final = 4000
_HEADING: Final = 4096
_TAIL: Final = 256
#: Lines of different objects are numbered apart, so that equal lines of two objects are two calls.
_LINES: Final = 1 << 31


class Interrupted(Exception):
    """The store failed in the middle of an object; nothing is said about the object itself."""

    def __init__(self, error: ConnectorError) -> None:
        super().__init__(error.what)
        self.error = error


def numbered_from(key: str) -> int:
    """What is added to the line numbers of an object: the same for a key at all times, at most 58 bits."""
    return (int.from_bytes(key_hash(key)[:4], "big") >> 5) * _LINES


class ObjectStream:
    """An object's bytes from ``start`` on, asked for range by range."""

    def __init__(self, store: Store, found: StoredObject, start: int = 0, range_bytes: int = RANGE) -> None:
        self._store, self._found, self._range = store, found, range_bytes
        self._at, self._held = start, memoryview(b"")
        self.head = b""

    def read(self, size: int, /) -> bytes:
        """The next bytes, empty at the end. Raises ``Interrupted`` and ``ObjectUnread``."""
        if not self._held and self._at < self._found.size:
            end = min(self._at + self._range, self._found.size)
            content = _part(self._store, self._found, self._at, end)
            self.head = self.head or content[:8]
            self._at, self._held = end, memoryview(content)
        taken, self._held = self._held[:size], self._held[size:]
        return bytes(taken)


@dataclass(slots=True)
class ObjectReader:
    """Reads one object, from ``reached`` on when that is still true of it.

    ``open_end``: its last line may still be being written. ``at`` is how far it was read, after every batch;
    ``whole`` whether nothing of it is left.
    """

    store: Store
    found: StoredObject
    reached: Reached | None
    format: str = ""
    host: str = ""
    open_end: bool = False
    range_bytes: int = RANGE
    at: Reached = field(init=False)
    by_offset: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.at = Reached(version_of(self.found).hex(), modified=int(self.found.modified))

    def batches(self) -> Iterator[RawBatch]:
        """Batches of at most some thousand records. Raises ``Interrupted``, ``ObjectUnread``, ``ConnectorError``."""
        before = self._still_true(self.reached)
        stream = ObjectStream(self.store, self.found, before.offset, self.range_bytes)
        source = chunks(stream, LIMITS, plain=bool(before.offset))
        head, source = _headed(source)
        if not head:
            return
        offered = self._format(before, head)
        told = offered.context(self._beginning(offered, before, head))
        self.at = replace(self.at, offset=before.offset, line=before.line, format=offered.name)
        beginning = head.removeprefix(b"\xef\xbb\xbf")
        if offered.entries is not None or (not before.offset and _ARRAY.match(beginning)):
            yield from self._records(offered, source, before.line)
            return
        self.by_offset = bool(before.offset) or not is_packed(stream.head)
        yield from self._lines(offered, source, before, told)

    def tail(self) -> str:
        """A hash of what stands before the offset."""
        return _tail(self.store, self.found, self.at.offset)

    def _still_true(self, reached: Reached | None) -> Reached:
        """Where to begin: at ``reached`` if the object still begins as it did then."""
        if reached is None:
            return self.at
        if reached.version == self.at.version:
            return reached
        grown = reached.offset and reached.offset <= self.found.size
        if grown and reached.tail == _tail(self.store, self.found, reached.offset):
            return reached
        return self.at

    def _format(self, before: Reached, head: bytes) -> CallFormat:
        name = self.format or (before.format if before.offset else "")
        offered = file_formats().get(name) if name else detect(head, self.found.key.rpartition("/")[2])
        if not isinstance(offered, CallFormat):
            raise ObjectUnread("it is in no known log format")
        return offered

    def _beginning(self, offered: CallFormat, before: Reached, head: bytes) -> bytes:
        """The first bytes of the object, for formats whose heading says how all lines are to be read."""
        if not before.offset or offered.heading is None:
            return head[:_HEADING]
        return _part(self.store, self.found, 0, min(_HEADING, self.found.size))

    def _lines(
        self, offered: CallFormat, source: Iterator[bytes], before: Reached, told: Mapping[str, str]
    ) -> Iterator[RawBatch]:
        first = before.line + 1 if before.offset else 1
        for batch in numbered_lines(source, _BATCH, first, open_end=self.open_end and self.by_offset):
            lines, number = batch.lines, batch.first
            known = max(0, before.line + 1 - number)  # of a packed object that is read from its start again
            if known >= len(lines):
                continue
            offset = before.offset + batch.end if self.by_offset else 0
            self.at = replace(self.at, offset=offset, line=number + len(lines) - 1)
            kept = offered.without_comments(lines[known:])
            yield self._batch(offered, kept, number + known, told)

    def _records(self, offered: CallFormat, source: Iterator[bytes], known: int) -> Iterator[RawBatch]:
        data = bytearray()
        for chunk in source:
            data += chunk
            if len(data) > _DOCUMENT.max_bytes:
                raise VendorAnswerError(f"The document is larger than {_DOCUMENT.max_bytes >> 20} MiB.")
        content = bytes(data).removeprefix(b"\xef\xbb\xbf")
        records = offered.entries(content) if offered.entries else json_records(content, "a JSON array")
        for start in range(known, len(records), _BATCH):
            part = tuple(records[start : start + _BATCH])
            self.at = replace(self.at, line=start + len(part))
            yield self._batch(offered, part, start + 1, {})

    def _batch(
        self, offered: CallFormat, records: tuple[bytes, ...], number: int, told: Mapping[str, str]
    ) -> RawBatch:
        base = numbered_from(self.found.key)
        context = {**told, "first_line": str(base + number), "object": self.found.key, "base": str(base)}
        return RawBatch(offered.name, records, {**context, "host": self.host} if self.host else context)


def _headed(source: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, enough to know a format by, and the source with them in front again."""
    taken: list[bytes] = []
    size = 0
    error: ConnectorError | None = None
    try:
        while size < HEAD_BYTES and (chunk := next(source, b"")):
            taken.append(chunk)
            size += len(chunk)
    except ConnectorError as caught:  # what came before it is read all the same
        if not taken:
            raise
        error = caught
    return b"".join(taken), chain(taken, source if error is None else _raising(error))


def _raising(error: ConnectorError) -> Iterator[bytes]:
    raise error
    yield b""


def _part(store: Store, found: StoredObject, start: int, end: int) -> bytes:
    try:
        return store.read(found, start, end)
    except ConnectorError as error:
        raise Interrupted(error) from error


def _tail(store: Store, found: StoredObject, offset: int) -> str:
    if not offset:
        return ""
    return blake2b(_part(store, found, max(0, offset - _TAIL), offset), digest_size=8).hexdigest()
