"""Spans as typed values: attributes are lists of key and value, which as dictionaries would cost most of the time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa

from connectors.base.mapping import From, convert
from connectors.base.mapping.columns import Path, Read

#: Records decoded together; a bad one makes no more than these be read one by one.
_PIECE: Final = 512
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

# gc=False: records are trees, and tracking them costs a third of the reading time.


class _Value(msgspec.Struct, gc=False):
    stringValue: str | None = None  # noqa: N815 - OTLP's names
    intValue: int | str | None = None  # noqa: N815
    boolValue: bool | None = None  # noqa: N815
    doubleValue: float | str | None = None  # noqa: N815
    arrayValue: msgspec.Raw = msgspec.Raw(b"")  # noqa: N815


class _Attribute(msgspec.Struct, gc=False):
    key: str = ""
    value: _Value | None = None


class _Span(msgspec.Struct, gc=False):
    traceId: str | None = None  # noqa: N815
    spanId: str | None = None  # noqa: N815
    startTimeUnixNano: int | str | None = None  # noqa: N815
    endTimeUnixNano: int | str | None = None  # noqa: N815
    attributes: list[_Attribute] | None = None


class _Record(msgspec.Struct, gc=False):
    span: _Span
    resource: msgspec.Raw = msgspec.Raw(b"{}")


class _Resource(msgspec.Struct, gc=False):
    attributes: list[_Attribute] | None = None


class _Entries(msgspec.Struct, gc=False):
    values: list[_Value] = []


_records = msgspec.json.Decoder(list[_Record])
_record = msgspec.json.Decoder(_Record)
_resource = msgspec.json.Decoder(_Resource)
_entries = msgspec.json.Decoder(_Entries)


class Attributes:
    """Attributes of every record as columns."""

    def __init__(self, rows: list[dict[str, _Value | None]]) -> None:
        self.rows = rows
        self.count = len(rows)
        self.names: set[str] = set().union(*rows)

    def cells(self, path: Path) -> list[Any] | None:
        """One attribute of every record; None when none has it."""
        name = path[0]
        if name not in self.names:
            return None
        return [None if (value := row.get(name)) is None else _plain(value) for row in self.rows]

    def column(self, source: From) -> pa.Array:
        """The first of the attributes of ``source`` that says something."""
        found = source.column(self)
        return convert(source.kind, [None] * self.count) if found is None else found

    def beginning_with(self, prefix: str) -> list[dict[str, Any] | None] | None:
        """Attributes by the rest of their names; None when there are none."""
        if not any(name.startswith(prefix) for name in self.names):
            return None
        size = len(prefix)
        return [
            {
                name[size:]: _plain(value)
                for name, value in row.items()
                if name.startswith(prefix) and value is not None
            }
            or None
            for row in self.rows
        ]


class Spans:
    """Good spans of a batch."""

    def __init__(self, records: list[_Record]) -> None:
        self.count = len(records)
        self._spans = [record.span for record in records]
        self.attributes = Attributes([_named(span.attributes) for span in self._spans])
        known: dict[bytes, dict[str, _Value | None]] = {}
        resources: list[dict[str, _Value | None]] = []
        for record in records:
            text = bytes(record.resource)
            if text not in known:
                known[text] = _resource_of(text)
            resources.append(known[text])
        self.resources = Attributes(resources)

    def cells(self, path: Path) -> list[Any]:
        """One member of every span."""
        name = path if isinstance(path, str) else path[0]
        return [getattr(span, name) for span in self._spans]


class SpanReader:
    """Reads records of ``export``: a span beside the resource it ran on."""

    def prepared(self, paths: frozenset[tuple[str, ...]]) -> SpanReader:
        """Every field is read anyway."""
        return self

    def read(self, records: Sequence[bytes]) -> Read:
        """The records' spans; a record that is none is bad."""
        reasons: dict[int, str] = {}
        found: list[_Record] = []
        for start in range(0, len(records), _PIECE):
            piece = records[start : start + _PIECE]
            try:
                made = _records.decode(b"[" + b",".join(piece) + b"]")
            except _BAD:
                made = []
            found += made if len(made) == len(piece) else _singly(piece, start, reasons)
        places = [place for place in range(len(records)) if place not in reasons] if reasons else None
        return Read(Spans(found), places, reasons)


def _singly(piece: Sequence[bytes], start: int, reasons: dict[int, str]) -> list[_Record]:
    made: list[_Record] = []
    for place, record in enumerate(piece, start):
        try:
            made.append(_record.decode(record.decode(errors="replace")))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            reasons[place] = f"no OTLP export request and no span: {str(error)[:120]}"
    return made


def _named(attributes: list[_Attribute] | None) -> dict[str, _Value | None]:
    return {attribute.key: attribute.value for attribute in attributes or ()}


def _resource_of(text: bytes) -> dict[str, _Value | None]:
    try:
        return _named(_resource.decode(text).attributes)
    except _BAD:
        return {}


def _plain(value: _Value) -> Any:
    if value.stringValue is not None:
        return value.stringValue
    if value.intValue is not None:
        return value.intValue
    if len(value.arrayValue):
        return _joined(value.arrayValue)
    return value.doubleValue if value.boolValue is None else value.boolValue


def _joined(entries: msgspec.Raw) -> str | None:
    """A list of texts as one; headers are lists, nearly always of one."""
    try:
        found = _entries.decode(entries).values
    except _BAD:
        return None
    return ", ".join(entry.stringValue for entry in found if entry.stringValue is not None) or None
