"""Read an upload in a known format: calls batch by batch, or one configuration document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import NORMALISED_SCHEMA, CallBatch, Quarantined, RawBatch
from connectors.base.errors import ConnectorError, VendorAnswerError
from connectors.base.formats import CallFormat, ConfigFormat, LoadedDocument
from connectors.base.stream import DEFAULT_LIMITS, ReadLimits, chunks, head_of, line_batches

#: An API document larger than this is refused; the largest public ones have about 12 MB.
MAX_DOCUMENT_BYTES: Final = 64 << 20

#: Lines may begin with a bracket too: ``[2026-09-28T00:00:12Z] …``.
_ARRAY: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*(?:[{\[\]]|$)")
_array = msgspec.json.Decoder(list[msgspec.Raw])


def read_calls(
    stream: BinaryIO, offered: CallFormat, host: str = "", limits: ReadLimits = DEFAULT_LIMITS
) -> Iterator[CallBatch]:
    """Calls of a log, plain or gzip, in batches of some thousand lines; ``host`` fills calls that name none.

    Malformed lines are in each batch's ``quarantined`` with number and reason. When the file breaks off
    (damaged gzip, a limit passed) everything before is delivered and the last batch holds the reason.
    """
    if offered.entries is not None:
        yield from _read_document(stream, offered, offered.entries, host, limits)
        return
    head = head_of(stream, 4096)
    if _ARRAY.match(head):
        yield from _read_document(stream, offered, _elements, host, limits)
        return
    number, told = 1, offered.context(head)
    try:
        for first, lines in line_batches(chunks(stream, limits)):
            number = first + len(lines)
            batch = RawBatch(
                offered.name, offered.without_comments(lines), {**told, "first_line": str(first)}
            )
            yield with_host(offered.normalise(batch), host)
    except ConnectorError as error:
        yield _broken_off(offered, error, number)


def read_config(stream: BinaryIO, offered: ConfigFormat, filename: str, host: str = "") -> LoadedDocument:
    """The snapshot of a document, plain or gzip; ``VendorAnswerError`` when nothing of it could be read."""
    limits = ReadLimits(max_bytes=MAX_DOCUMENT_BYTES)
    return offered.load(b"".join(chunks(stream, limits)), filename, host)


def _read_document(
    stream: BinaryIO,
    offered: CallFormat,
    entries: Callable[[bytes], Sequence[bytes]],
    host: str,
    limits: ReadLimits,
) -> Iterator[CallBatch]:
    """A document of records, such as an array (a saved push): read whole, so bounded like a document."""
    bounded = ReadLimits(max_bytes=min(limits.max_bytes, 8 * MAX_DOCUMENT_BYTES), max_ratio=limits.max_ratio)
    try:
        records = tuple(entries(b"".join(chunks(stream, bounded)).removeprefix(b"\xef\xbb\xbf")))
    except ConnectorError as error:
        yield _broken_off(offered, error, 1)
        return
    for start in range(0, len(records), 4000):
        batch = RawBatch(offered.name, records[start : start + 4000], {"first_line": str(start + 1)})
        yield with_host(offered.normalise(batch), host)


def _elements(data: bytes) -> list[bytes]:
    try:
        return [bytes(entry) for entry in _array.decode(data)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise VendorAnswerError(
            "The JSON array in the file could not be read.", unchanged="No call was read."
        ) from None


def with_host(batch: CallBatch, host: str) -> CallBatch:
    """The batch with ``host`` in every call that names none."""
    if not host or not batch.table.num_rows:
        return batch
    place = NORMALISED_SCHEMA.get_field_index("host")
    filled = pc.fill_null(batch.table.column(place), pa.scalar(host.lower()))
    return CallBatch(batch.source, batch.table.set_column(place, "host", filled), batch.quarantined)


def _broken_off(offered: CallFormat, error: ConnectorError, line: int) -> CallBatch:
    return CallBatch(
        offered.name, NORMALISED_SCHEMA.empty_table(), (Quarantined(error.sentence(), excerpt="", line=line),)
    )
