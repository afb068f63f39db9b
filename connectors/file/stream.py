"""Read an upload as lines: plain or gzip, bounded in size, ratio and line length."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from connectors.base.columns import MAX_RECORD_BYTES
from connectors.base.errors import ConnectorError, RefusedError, VendorAnswerError

_CHUNK: Final = 1 << 18
_GZIP: Final = b"\x1f\x8b"
_KEPT: Final = "What was read until then is kept."


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds of one upload: ``max_bytes`` uncompressed, ``max_ratio`` uncompressed to compressed."""

    max_bytes: int = 4 << 30
    max_ratio: int = 200
    grace_bytes: int = 8 << 20  # the ratio is not judged below this size


DEFAULT_LIMITS: Final = ReadLimits()


def chunks(stream: BinaryIO, limits: ReadLimits = DEFAULT_LIMITS) -> Iterator[bytes]:
    """The upload's bytes, uncompressed. ``RefusedError`` past a limit, ``VendorAnswerError`` for bad gzip."""
    head = stream.read(_CHUNK)
    source = _inflated(head, stream, limits) if head.startswith(_GZIP) else _plain(head, stream)
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


def head_of(stream: BinaryIO, size: int = 1 << 16) -> bytes:
    """The first bytes, uncompressed; the stream is wound back."""
    start = stream.tell()
    head = stream.read(size)
    stream.seek(start)
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, size)
    except zlib.error:
        return b""


def line_batches(source: Iterator[bytes], lines: int = 4000) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """Batches of lines without their ends, each with the number of its first line (from 1).

    Blank lines are kept so that numbers stay true. A line longer than a record may be is cut just above that
    length: whoever reads it then says so and puts it into quarantine. When the source breaks off, its whole
    lines come first and then its error.
    """
    number, ready, rest, started = 1, list[bytes](), b"", False
    try:
        for chunk in source:
            if not started:
                chunk, started = chunk.removeprefix(b"\xef\xbb\xbf"), True
            parts = (rest + chunk).split(b"\n")
            rest = parts.pop()
            if len(rest) > MAX_RECORD_BYTES:
                rest = rest[: MAX_RECORD_BYTES + 1]
            ready.extend(part.removesuffix(b"\r") for part in parts)
            while len(ready) >= lines:
                yield number, tuple(ready[:lines])
                number += lines
                del ready[:lines]
    except ConnectorError:
        if ready:
            yield number, tuple(ready)
        raise
    if rest:
        ready.append(rest.removesuffix(b"\r"))
    if ready:
        yield number, tuple(ready)


def _plain(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    chunk = head
    while chunk:
        yield chunk
        chunk = stream.read(_CHUNK)


def _inflated(head: bytes, stream: BinaryIO, limits: ReadLimits) -> Iterator[bytes]:
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
            if made > limits.grace_bytes and made > taken * limits.max_ratio:
                raise RefusedError(
                    f"The file unpacks to more than {limits.max_ratio} times its size.", unchanged=_KEPT
                )
            if out:
                yield out
            data = inflater.unconsumed_tail
            if inflater.eof:
                data = inflater.unused_data.lstrip(b"\x00")
                inflater, inside = zlib.decompressobj(wbits=31), False
        chunk = stream.read(_CHUNK)
    if inside:
        raise VendorAnswerError("The gzip file ends too early.", unchanged=_KEPT)
