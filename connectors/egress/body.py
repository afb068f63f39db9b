"""An answer's body, bounded on the wire and after decompression.

The HTTP library would inflate a whole chunk at once and follow any number of stacked encodings: 64 KiB of
``gzip, gzip, gzip`` become terabytes. Here one encoding is inflated, never further than the limit.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from connectors.base.errors import VendorAnswerError

#: What is asked for. Brotli and zstd are not: their decoders offer no bound on the output.
ACCEPTED: Final = "gzip, deflate"


def read_bounded(parts: Iterable[bytes], encoding: str, limit: int, host: str) -> bytes:
    """The decoded body; ``VendorAnswerError`` when either size passes ``limit`` or the encoding is another."""
    inflate = _inflater(encoding.strip().lower(), host)
    body = bytearray()
    received = 0
    for part in parts:
        received += len(part)
        if received > limit:
            raise _too_large(host, limit)
        try:
            body += part if inflate is None else inflate.add(part, limit + 1 - len(body))
        except zlib.error as error:
            raise VendorAnswerError(f"The answer of {host} was not compressed as it says.") from error
        if len(body) > limit:
            raise _too_large(host, limit)
    if inflate is not None and received and not inflate.complete:
        raise VendorAnswerError(f"The compressed answer of {host} broke off.")
    return bytes(body)


class _Inflater:
    """One zlib stream; ``raw`` deflate is recognised by its first byte (RFC 9110 §8.4.1.2 servers differ)."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._stream: zlib._Decompress | None = None

    @property
    def complete(self) -> bool:
        """Whether the stream's end was seen."""
        return self._stream is not None and self._stream.eof

    def add(self, part: bytes, room: int) -> bytes:
        """Inflate a part to at most ``room`` bytes; input left over then means more than ``room``."""
        if not part:
            return b""
        if self._stream is None:
            bits = 31 if self._gzip else 15 if part[0] & 0x0F == 8 else -15
            self._stream = zlib.decompressobj(bits)
        out = self._stream.decompress(part, room)
        if self._gzip:
            # RFC 1952 §2.2: members follow each other.
            while self._stream.eof and self._stream.unused_data.strip(b"\0") and len(out) < room:
                rest, self._stream = self._stream.unused_data, zlib.decompressobj(31)
                out += self._stream.decompress(rest, room - len(out))
        return out


def _inflater(encoding: str, host: str) -> _Inflater | None:
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _Inflater(gzip=encoding != "deflate")
    raise VendorAnswerError(f"The answer of {host} is encoded as {encoding[:40]!r}, which was not asked for.")


def _too_large(host: str, limit: int) -> VendorAnswerError:
    return VendorAnswerError(
        f"The answer of {host} was larger than {limit} bytes.",
        action="Narrow what is asked for, or check that the address is right.",
    )
