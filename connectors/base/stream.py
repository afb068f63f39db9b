"""Read log files as lines: plain, gzip or zstd, bounded in size, ratio and line length."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import pyarrow as pa

from connectors.base.columns import MAX_RECORD_BYTES
from connectors.base.errors import ConnectorError, RefusedError, VendorAnswerError

_CHUNK: Final = 1 << 18
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_KEPT: Final = "What was read until then is kept."
#: Bytes of lines given at once, so that a few thousand long ones do not fill the memory.
_BATCH_BYTES: Final = 8 << 20


class Readable(Protocol):
    """Where bytes come from: a file, or anything else that is read piece by piece."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; empty at the end."""
        ...


class Rewindable(Readable, Protocol):
    """A file that can be wound back."""

    def tell(self) -> int:
        """Where it stands."""
        ...

    def seek(self, offset: int, /) -> int:
        """Go there."""
        ...


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds of one file: ``max_bytes`` uncompressed, ``max_ratio`` uncompressed to compressed."""

    max_bytes: int = 4 << 30
    max_ratio: int = 200
    grace_bytes: int = 8 << 20  # the ratio is not judged below this size

    def check(self, taken: int, made: int) -> None:
        """``RefusedError`` when ``made`` bytes are too many to have come from ``taken`` ones."""
        if made > self.grace_bytes and made > taken * self.max_ratio:
            raise RefusedError(
                f"The file unpacks to more than {self.max_ratio} times its size.", unchanged=_KEPT
            )


DEFAULT_LIMITS: Final = ReadLimits()


@dataclass(frozen=True, slots=True)
class NumberedLines:
    """Whole lines without their ends: the number of the first, and the bytes of the source up to their end."""

    first: int
    lines: tuple[bytes, ...]
    end: int


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is compressed: no offset in it means anything by itself."""
    return head.startswith((_GZIP, _ZSTD))


def chunks(stream: Readable, limits: ReadLimits = DEFAULT_LIMITS, *, plain: bool = False) -> Iterator[bytes]:
    """The file's bytes, uncompressed. ``RefusedError`` past a limit, ``VendorAnswerError`` for damaged ones.

    ``plain``: the stream is known not to be compressed, whatever it begins with.
    """
    head = stream.read(_CHUNK)
    if plain:
        source = _plain(head, stream)
    elif head.startswith(_GZIP):
        source = _inflated(head, stream, limits)
    elif head.startswith(_ZSTD):
        source = _unpacked_zstd(head, stream, limits)
    else:
        source = _plain(head, stream)
    total = 0
    for chunk in source:
        total += len(chunk)
        if total > limits.max_bytes:
            raise RefusedError(
                f"The file is larger than {limits.max_bytes} bytes uncompressed.",
                unchanged=_KEPT,
                action="Split the file and upload the parts.",
            )
        yield chunk


def head_of(stream: Rewindable, size: int = 1 << 16) -> bytes:
    """The first bytes, uncompressed; the stream is wound back."""
    start = stream.tell()
    head = stream.read(size)
    stream.seek(start)
    if not is_packed(head):
        return head
    made = b""
    try:
        for chunk in chunks(io.BytesIO(head)):
            made += chunk
            if len(made) >= size:
                break
    except ConnectorError:  # the file goes on behind its head
        pass
    return made[:size]


def line_batches(source: Iterator[bytes], lines: int = 4000) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """Batches of lines, each with the number of its first line (from 1); see ``numbered_lines``."""
    for batch in numbered_lines(source, lines):
        yield batch.first, batch.lines


def numbered_lines(
    source: Iterator[bytes], lines: int = 4000, first: int = 1, *, open_end: bool = False
) -> Iterator[NumberedLines]:
    """Batches of lines without their ends; ``first`` is the number of the source's first line.

    Blank lines are kept so that numbers stay true. A line longer than a record may be is cut just above that
    length: whoever reads it then says so and puts it into quarantine. When the source breaks off, its whole
    lines come first and then its error. With ``open_end`` a last line without an end is still being written
    and is left out.
    """
    taker = _Lines(first)
    try:
        for chunk in source:
            taker.add(chunk)
            while len(taker.ready) >= lines:
                yield taker.taken(lines)
            if taker.held >= _BATCH_BYTES:
                yield taker.taken(lines)
    except ConnectorError:
        if taker.ready:
            yield taker.taken(lines)
        raise
    if not open_end:
        taker.finish()
    if taker.ready:
        yield taker.taken(lines)


class _Lines:
    """Lines being put together from chunks; ``sizes`` are what they take in the source, ends included."""

    def __init__(self, first: int) -> None:
        self.ready: list[bytes] = []
        self.held = 0
        self._sizes: list[int] = []
        self._number = first
        self._end = 0
        self._rest = b""
        self._rest_size = 0
        self._started = first > 1

    def add(self, chunk: bytes) -> None:
        size = len(chunk)
        if not self._started:
            chunk, self._started = chunk.removeprefix(b"\xef\xbb\xbf"), True
        parts = (self._rest + chunk).split(b"\n")
        if len(parts) == 1:
            self._rest, self._rest_size = parts[0][: MAX_RECORD_BYTES + 1], self._rest_size + size
            return
        rest = parts.pop()
        sizes = [len(part) + 1 for part in parts]
        sizes[0] = self._rest_size + size - len(rest) - sum(sizes[1:])
        self._rest, self._rest_size = rest[: MAX_RECORD_BYTES + 1], len(rest)
        self.ready += [part.removesuffix(b"\r") for part in parts]
        self._sizes += sizes
        self.held += sum(sizes)

    def finish(self) -> None:
        if self._rest:
            self.ready.append(self._rest.removesuffix(b"\r"))
            self._sizes.append(self._rest_size)

    def taken(self, lines: int) -> NumberedLines:
        size = sum(self._sizes[:lines])
        self._end, self.held = self._end + size, self.held - size
        batch = NumberedLines(self._number, tuple(self.ready[:lines]), self._end)
        self._number += len(batch.lines)
        del self.ready[:lines], self._sizes[:lines]
        return batch


def _plain(head: bytes, stream: Readable) -> Iterator[bytes]:
    chunk = head
    while chunk:
        yield chunk
        chunk = stream.read(_CHUNK)


def _inflated(head: bytes, stream: Readable, limits: ReadLimits) -> Iterator[bytes]:
    """Members of a gzip file one after the other, as ``cat a.gz b.gz`` makes them."""
    inflater = zlib.decompressobj(wbits=31)
    taken, made, chunk, inside = 0, 0, head, False
    while chunk:
        taken += len(chunk)
        data = chunk
        while data:
            inside = True
            try:
                out = inflater.decompress(data, _CHUNK)
            except zlib.error as error:
                raise VendorAnswerError("The gzip file is damaged.", unchanged=_KEPT) from error
            made += len(out)
            limits.check(taken, made)
            if out:
                yield out
            data = inflater.unconsumed_tail
            if inflater.eof:
                data = inflater.unused_data.lstrip(b"\x00")
                inflater, inside = zlib.decompressobj(wbits=31), False
        chunk = stream.read(_CHUNK)
    if inside:
        raise VendorAnswerError("The gzip file ends too early.", unchanged=_KEPT)


class _Counted:
    """A stream whose head was read already, counting what is taken; shaped as Arrow wants a file."""

    closed = False

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head, self._stream = head, stream
        self.taken = 0

    def read(self, size: int) -> bytes:
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
        else:
            data = self._stream.read(size)
        self.taken += len(data)
        return data

    def close(self) -> None:
        self.closed = True


def _unpacked_zstd(head: bytes, stream: Readable, limits: ReadLimits) -> Iterator[bytes]:
    """Frames of a zstd file one after the other."""
    counted = _Counted(head, stream)
    made = 0
    with pa.CompressedInputStream(pa.PythonFile(counted, mode="r"), "zstd") as unpacked:
        while True:
            try:
                out = unpacked.read(_CHUNK)
            except (pa.ArrowInvalid, OSError):
                raise VendorAnswerError(
                    "The zstd file is damaged or ends too early.", unchanged=_KEPT
                ) from None
            if not out:
                return
            made += len(out)
            limits.check(counted.taken, made)
            yield out
