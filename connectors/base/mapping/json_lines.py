"""JSON records as columns: only the fields that are asked for are built, piece by piece while they are in the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from connectors.base.mapping.chosen_keys import ChosenKeys, Keys, folded
from connectors.base.mapping.columns import Cells, Path, Read, Rows, segments
from connectors.base.mapping.object_shape import Shape, Special
from connectors.base.mapping.packing import Gathered

#: Records decoded together: few enough to stay in the cache, and all that a bad record makes be read one by one.
PIECE: Final = 256

_any = msgspec.json.Decoder(dict[str, Any])
_documents = msgspec.json.Decoder(list[dict[str, Any]])
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

#: A record the vendor broke, read some other way; None when that fails too.
Salvage = Callable[[bytes], "dict[str, Any] | None"]


class _Records(Gathered):
    """Good records of a fixed shape; columns by path."""

    def __init__(self, paths: frozenset[tuple[str, ...]]) -> None:
        super().__init__()
        self._paths = paths

    def cells(self, path: Path) -> Cells:
        """One field of every record. ``KeyError`` for a field the mapping does not name."""
        keys = segments(path)
        if keys not in self._paths:
            raise KeyError(f"the mapping does not name the field {path}")
        return self.column(keys)


@dataclass(frozen=True)
class JsonLines:
    """One JSON object per record.

    ``headers``: objects, or lists of name and value, whose members are headers: names are matched in lower case.
    ``computed``: further fields, each made of one member of the record by a function of its value.
    ``fold``: the customer chose the keys, so they are compared by what it makes of them (usually ``folded``) and
    written so in the mapping. ``unwrap`` (``fold`` only) gives the object that holds the fields of a document, the
    document itself where nothing is wrapped.
    ``salvage`` reads records that are no JSON.
    """

    headers: tuple[Path, ...] = ()
    computed: Mapping[str, tuple[Path, Callable[[Any], Any]]] = field(default_factory=dict)
    fold: Callable[[str], str] | None = None
    unwrap: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    salvage: Salvage | None = None
    _paths: frozenset[tuple[str, ...]] = frozenset()
    _shape: Shape | None = field(default=None, repr=False)
    _keys: Keys | None = field(default=None, repr=False)

    def prepared(self, paths: frozenset[tuple[str, ...]]) -> JsonLines:
        """This reader with a decoder that builds ``paths`` and skips all else."""
        if self.fold is not None:
            return replace(self, _keys=Keys(frozenset(path[0] for path in paths), self.fold))
        computed: dict[tuple[str, ...], tuple[Any, ...]] = {}
        for name, (source, compute) in self.computed.items():
            computed[segments(source)] = (*computed.get(segments(source), ()), (segments(name), compute))
        special = Special(frozenset(map(segments, self.headers)), computed)
        read = {path for path in paths if ".".join(path) not in self.computed}
        shape = Shape(sorted(read | computed.keys()), special)
        return replace(self, _shape=shape, _paths=paths)

    def read(self, records: Sequence[bytes]) -> Read:
        """The records' fields; a record that is no JSON object is bad."""
        reasons: dict[int, str] = {}
        rows = self._chosen(records, reasons) if self._keys is not None else self._fixed(records, reasons)
        places = [place for place in range(len(records)) if place not in reasons] if reasons else None
        return Read(rows, places, reasons)

    def _fixed(self, records: Sequence[bytes], reasons: dict[int, str]) -> Rows:
        shape = self._shape or Shape((), Special())
        rows = _Records(self._paths)
        for start in range(0, len(records), PIECE):
            piece = records[start : start + PIECE]
            found = _together(shape.decode, piece)
            if found is None:
                found = list(map(shape.made, self._singly(piece, start, reasons)))
            columns: dict[Any, Cells] = {}
            shape.gather(found, columns)
            rows.add(len(found), columns)
        return rows

    def _chosen(self, records: Sequence[bytes], reasons: dict[int, str]) -> Rows:
        keys = self._keys or Keys(frozenset(), folded)
        rows = ChosenKeys(keys)
        for start in range(0, len(records), PIECE):
            piece = records[start : start + PIECE]
            slots = keys.slots()
            found = None if slots is None else _together(slots.decode, piece)
            if slots is not None and found is not None:
                rows.add(len(found), slots.columns(found))
                continue
            documents = _together(_documents.decode, piece)
            if documents is None:
                documents = self._singly(piece, start, reasons)
            if self.unwrap is not None:
                inner = list(map(self.unwrap, documents))
                keys.learn([one for one, other in zip(inner, documents, strict=True) if one is other])
                documents = inner
            else:
                keys.learn(documents)
            rows.add(len(documents), keys.columns(documents))
        return rows

    def _singly(self, records: Sequence[bytes], start: int, reasons: dict[int, str]) -> list[dict[str, Any]]:
        """Records one by one; why the others are none goes to ``reasons``."""
        made: list[dict[str, Any]] = []
        for place, record in enumerate(records, start):
            document = self._document(record)
            if isinstance(document, str):
                reasons[place] = document
            else:
                made.append(document)
        return made

    def _document(self, record: bytes) -> dict[str, Any] | str:
        """A record by itself. Bytes that are not UTF-8 are replaced, not refused."""
        try:
            return _any.decode(record)
        except _BAD:
            pass
        try:
            return _any.decode(record.decode(errors="replace"))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            found = self.salvage(record) if self.salvage else None
            return found if found is not None else f"not a JSON object: {str(error)[:120]}"


def _together(decode: Callable[[bytes], list[Any]], records: Sequence[bytes]) -> list[Any] | None:
    """The records decoded as one array; None when they have to be read one by one."""
    try:
        found = decode(b"[" + b",".join(records) + b"]")
    except _BAD:
        return None
    return found if len(found) == len(records) else None
