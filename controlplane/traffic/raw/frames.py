"""One batch of raw records as bytes: packed, then sealed with AES-256-GCM and bound to where it is kept. Pure.

Packed: 8 bytes with the size of the content (big endian), then zstd of MessagePack ``{source, context, records}``.
Sealed: 12 bytes of nonce, then ciphertext and tag.
"""

from __future__ import annotations

import secrets
from typing import Final

import msgspec
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.base.calls import RawBatch

_NONCE: Final = 12
_SIZE: Final = 8
_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(RawBatch)


def pack(batch: RawBatch) -> bytes:
    """The batch as compressed bytes."""
    content = _encode(batch)
    packed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return len(content).to_bytes(_SIZE, "big") + packed


def unpack(packed: bytes) -> RawBatch:
    """The batch that ``pack`` made."""
    size = int.from_bytes(packed[:_SIZE], "big")
    content = pa.decompress(packed[_SIZE:], decompressed_size=size, codec="zstd", asbytes=True)
    return _decoder.decode(content)


def seal(packed: bytes, key: bytes, bound_to: bytes) -> bytes:
    """Packed bytes under a 32-byte key; they open only with the same ``bound_to``."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, packed, bound_to)


def unseal(sealed: bytes, key: bytes, bound_to: bytes) -> bytes:
    """The packed bytes; ``ValueError`` when key, place or bytes are others."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)
    except InvalidTag:
        raise ValueError("the sealed records do not open") from None
