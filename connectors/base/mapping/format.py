"""A format as data, and running it: records in, neutral calls and quarantined records out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Context
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import NORMALISED_SCHEMA, CallBatch, Quarantined, RawBatch
from connectors.base.columns import MAX_RECORD_BYTES, as_sent, made_id, quarantined, whole
from connectors.base.mapping.columns import NO_ROWS, Columns, Path, Read, Reader, Rows, segments
from connectors.base.mapping.convert import CONVERTERS, convert
from connectors.base.mapping.kernels import coalesced, marked, nulls, per_distinct, split_target, where

#: What a call cannot do without, and how it is called in a reason.
_ESSENTIAL: Final = {"ts": "time", "method": "method", "path": "path"}
_KINDS: Final = {entry.name: entry.type for entry in NORMALISED_SCHEMA}
_TARGET: Final = "target"


@dataclass(frozen=True)
class From:
    """The fields that may hold a column, best first: in each record the first that says something wins.

    ``kind`` names a converter; ``choices`` turns values (compared without case) into the column's, others are null.
    """

    paths: tuple[Path, ...]
    kind: str = "text"
    choices: Context[str, str] | None = None

    def __init__(self, *paths: Path, kind: str = "text", choices: Context[str, str] | None = None) -> None:
        if kind not in CONVERTERS:
            raise ValueError(f"no converter is called {kind}")
        object.__setattr__(self, "paths", paths)
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "choices", choices)

    def column(self, rows: Rows) -> pa.Array | None:
        """The column; None when no record can have any of the fields."""
        found: pa.Array | None = None
        for path in self.paths:
            if found is not None and not found.null_count:
                break
            cells = rows.cells(path)
            if cells is not None:
                found = coalesced(found, convert(self.kind, cells))
        if found is not None and self.choices is not None:
            choices = self.choices
            found = per_distinct(found, lambda value: choices.get(value.casefold()), pa.string())
        return found


def one_of(**choices: str) -> dict[str, str]:
    """``choices`` for a ``From``: vendor's word to ours."""
    return {word.casefold(): ours for word, ours in choices.items()}


#: Fills what needs more than one field. Changes ``columns``; the context is the batch's.
Finish = Callable[[Rows, Columns, Context[str, str]], None]


@dataclass(frozen=True)
class Mapping:
    """One log format.

    ``columns``: by column of ``NORMALISED_SCHEMA``, where it comes from. The extra name ``target`` is a request
    target or URL: it gives path, query and, when absolute and not known better, host.
    ``principals``: who called, the surest first, as kind and field; ``auth_present`` is then true for them.
    ``trust`` says what ``client_ip`` is wherever it is known. ``also``: fields that only ``finish`` reads.
    ``numbered``: records have no id, so that equal ones are told apart by line number, or by their count in a push.
    ``decoded_paths``: the vendor logs paths decoded; what no URI may hold is encoded again.
    ``record_id`` makes the id of a record whose vendor gave none, a hash that is the same each time it is read.
    ``reasons``: sentences for essential columns (``ts``, ``method``, ``path``) that could not be read.
    """

    reader: Reader
    columns: Context[str, From]
    principals: tuple[tuple[str, Path], ...] = ()
    trust: str | None = None
    finish: Finish | None = None
    also: tuple[Path, ...] = ()
    numbered: bool = False
    decoded_paths: bool = False
    record_id: Callable[[bytes], str] | None = None
    reasons: Context[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = set(self.columns) - set(_KINDS) - {_TARGET}
        if wrong:
            raise ValueError(f"no such columns: {sorted(wrong)}")

    @cached_property
    def prepared(self) -> Reader:
        """The reader, told every field that is asked for."""
        paths = [path for source in self.columns.values() for path in source.paths]
        paths += [path for _, path in self.principals]
        return self.reader.prepared(frozenset(map(segments, [*paths, *self.also])))


def normalise(mapping: Mapping, batch: RawBatch) -> CallBatch:
    """Neutral calls of a batch; never raises. Blank records are passed over, unreadable ones quarantined."""
    records, places = _kept(batch.records)
    bad: dict[int, str] = {}
    if records and max(map(len, records)) > MAX_RECORD_BYTES:
        long = {place for place, record in enumerate(records) if len(record) > MAX_RECORD_BYTES}
        bad = dict.fromkeys((places[place] for place in long), "the record is longer than 1 MiB")
        places = [at for place, at in enumerate(places) if place not in long]
        records = [record for place, record in enumerate(records) if place not in long]
    read = mapping.prepared.read(records) if records else Read(NO_ROWS)
    bad |= {places[place]: reason for place, reason in read.reasons.items()}
    if read.places is not None:
        records = [records[place] for place in read.places]
        places = [places[place] for place in read.places]
    columns = _columns(mapping, read.rows, batch.context) if records else {}
    keep, lacking = _essential(mapping, columns, len(records))
    bad |= {places[row]: reason for row, reason in lacking.items()}
    first = whole(batch.context.get("first_line"))
    if records:
        columns["call_id"] = _ids(mapping, columns.get("call_id"), records, places, first)
    table = _table(columns, len(records), keep)
    aside = tuple(_aside(batch.records[at], bad[at], first, at) for at in sorted(bad))
    return CallBatch(batch.source, table, aside)


def _kept(records: Sequence[bytes]) -> tuple[Sequence[bytes], Sequence[int]]:
    """Records that are not blank, with their positions."""
    if all(records) and not any(map(bytes.isspace, records)):
        return records, range(len(records))
    places = [place for place, record in enumerate(records) if record and not record.isspace()]
    return [records[place] for place in places], places


def _columns(mapping: Mapping, rows: Rows, context: Context[str, str]) -> Columns:
    made: Columns = {}
    for name, source in mapping.columns.items():
        column = source.column(rows)
        if column is not None:
            made[name] = column if name == _TARGET else fitting(name, column)
    if mapping.principals:
        _principal(mapping, rows, made)
    target = made.pop(_TARGET, None)
    if target is not None:
        fill_target(made, target)
    if mapping.finish is not None:
        mapping.finish(rows, made, context)
    if mapping.trust and "client_ip" in made and "client_ip_trust" not in made:
        made["client_ip_trust"] = marked(made["client_ip"], mapping.trust)
    if mapping.decoded_paths and "path" in made:
        made["path"] = as_sent(made["path"])
    if "method" in made:
        made["method"] = pc.utf8_upper(made["method"])
    return made


def fitting(name: str, column: pa.Array) -> pa.Array:
    """``column`` in the type of the neutral column ``name``; numbers that do not fit are null."""
    kind = _KINDS[name]
    if column.type == kind:
        return column
    if pa.types.is_integer(kind) and pa.types.is_integer(column.type):
        top = 2 ** (kind.bit_width - 1)
        column = where(pc.and_(pc.greater_equal(column, -top), pc.less(column, top)), column)
    return pc.cast(column, kind)


def fill_target(made: Columns, target: pa.Array) -> None:
    """Path, query and host from a column of request targets or URLs; a host that is known already stays."""
    path, query, host = split_target(target)
    made["path"] = coalesced(path, made.get("path"))
    made["query"] = (
        query if "query" not in made else pc.if_else(pc.not_equal(query, ""), query, made["query"])
    )
    if host is not None:
        named = convert("host", host)
        made["host"] = coalesced(made.get("host"), named)


def _principal(mapping: Mapping, rows: Rows, made: Columns) -> None:
    principal: pa.Array | None = None
    kind: pa.Array | None = None
    for name, path in mapping.principals:
        if principal is not None and not principal.null_count:
            break
        cells = rows.cells(path)
        if cells is None:
            continue
        column = convert("written", cells)
        principal, kind = coalesced(principal, column), coalesced(kind, marked(column, name))
    if principal is not None and kind is not None:
        made["principal"], made["principal_kind"] = principal, kind
        made.setdefault("auth_present", marked(principal, True))


def _essential(mapping: Mapping, columns: Columns, count: int) -> tuple[pa.Array | None, dict[int, str]]:
    """Which rows are calls (None: all), and why the others are none."""
    lacking: dict[int, list[str]] = {}
    for name in _ESSENTIAL:
        column = columns.get(name)
        if column is None:
            absent: Sequence[int] = range(count)
        elif column.null_count:
            absent = pc.indices_nonzero(pc.is_null(column)).to_pylist()
        else:
            continue
        for row in absent:
            lacking.setdefault(row, []).append(name)
    if not lacking:
        return None, {}
    keep = pa.array([row not in lacking for row in range(count)], pa.bool_())
    return keep, {row: _reason(mapping, names) for row, names in lacking.items()}


def _reason(mapping: Mapping, names: Sequence[str]) -> str:
    for name in names:
        if name in mapping.reasons:
            return mapping.reasons[name]
    return f"no readable {' and no '.join(_ESSENTIAL[name] for name in names)}"


def _ids(
    mapping: Mapping,
    given: pa.Array | None,
    records: Sequence[bytes],
    places: Sequence[int],
    first: int | None,
) -> pa.Array:
    """The vendor's ids, and a hash of the record where it gave none."""
    if given is not None and not given.null_count:
        return given
    known: list[str | None] = [None] * len(records) if given is None else given.to_pylist()
    seen: Counter[bytes] = Counter()
    made: list[str] = []
    for row, record in enumerate(records):
        told = known[row]
        if told is not None:
            made.append(told)
        elif mapping.record_id is not None:
            made.append(mapping.record_id(record))
        else:
            part: tuple[int, ...] = ()
            if mapping.numbered:
                seen[record] += first is None
                part = (seen[record] if first is None else first + places[row],)
            made.append(made_id(record.decode(errors="backslashreplace"), *part))
    return pa.array(made, pa.string())


def _table(columns: Columns, count: int, keep: pa.Array | None) -> pa.Table:
    arrays: list[pa.Array] = []
    for entry in NORMALISED_SCHEMA:
        column = columns.get(entry.name)
        column = nulls(count, entry.type) if column is None else column
        arrays.append(column if keep is None else column.filter(keep))
    return pa.Table.from_arrays(arrays, schema=NORMALISED_SCHEMA)


def _aside(record: bytes, reason: str, first: int | None, place: int) -> Quarantined:
    return quarantined(record, reason, None if first is None else first + place)
