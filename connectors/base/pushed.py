"""The body of a push as records: a JSON array, one JSON document, or one document per line."""

from __future__ import annotations

from typing import Final

import msgspec

from connectors.base.errors import VendorAnswerError

_array = msgspec.json.Decoder(list[msgspec.Raw])
_one = msgspec.json.Decoder(msgspec.Raw)
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def json_records(body: bytes, expected: str) -> tuple[bytes, ...]:
    """The records of a push; ``VendorAnswerError`` naming what was ``expected`` when it is no JSON.

    A line that is broken by itself is a record: whoever reads it sets it aside with its reason. Bytes of an array that
    are no UTF-8 cost themselves alone.
    """
    start = body.lstrip()[:1]
    if start == b"{":
        try:
            return (bytes(_one.decode(body)),)
        except _BAD:
            return tuple(line for line in body.splitlines() if line.strip())
    if start == b"[":
        try:
            return tuple(bytes(entry) for entry in _array.decode(body))
        except _BAD:
            pass
    raise VendorAnswerError(f"The push was not {expected}.", unchanged="No call was stored.")
