"""JSON records as columns: only the fields that are asked for are built, a whole batch in one decoding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import msgspec

from connectors.base.mapping.columns import Path, Read, segments

#: Records decoded together. A batch with a bad record costs one such piece read record by record, not all of it.
PIECE: Final = 512
_SEPARATORS: Final = str.maketrans(".-/ ", "____")

_any = msgspec.json.Decoder(dict[str, Any])
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

#: A record the vendor broke, read some other way; None when that fails too.
Salvage = Callable[[bytes], "dict[str, Any] | None"]


class _Node:
    """One object of the record: a class with a slot for each member that is asked for."""

    def __init__(self, paths: Iterable[tuple[str, ...]], repeated: frozenset[tuple[str, ...]]) -> None:
        below: dict[str, set[tuple[str, ...]]] = {}
        for path in paths:
            below.setdefault(path[0], set()).add(path[1:])
        self.slots: dict[str, str] = {}
        self.children: dict[str, _Node] = {}
        self.decoders: dict[str, Any] = {}
        members: list[tuple[str, Any, Any]] = []
        for number, (name, rests) in enumerate(below.items()):
            slot = f"m{number}"
            self.slots[name] = slot
            if () in rests:
                members.append((slot, Any, None))
                continue
            child = _Node(rests, frozenset(path[1:] for path in repeated if path[0] == name and path[1:]))
            self.children[name] = child
            if (name,) in repeated:
                self.decoders[name] = msgspec.json.Decoder(child.anything)
                members.append((slot, msgspec.Raw, msgspec.Raw(b"null")))
            else:
                members.append((slot, child.anything, None))
        # gc=False: records are trees, and tracking them costs a third of the reading time.
        renamed = {slot: name for name, slot in self.slots.items()}
        self.kind: Any = msgspec.defstruct("Record", members, rename=renamed, gc=False)
        self.anything: Any = self.kind | list[Any] | str | int | float | bool | None
        self.empty: Any = self.kind()

    def made(self, value: Any) -> Any:
        """The object of a document that was decoded member by member; the empty one of anything else."""
        if not isinstance(value, dict):
            return self.empty
        members: dict[str, Any] = {}
        for name, slot in self.slots.items():
            if name not in value:
                continue
            child = self.children.get(name)
            members[slot] = value[name] if child is None else child.made(value[name])
        return self.kind(**members)

    def objects(self, name: str, cells: Sequence[Any]) -> list[Any]:
        """The members ``name`` as objects; what is no object counts as one without members."""
        child = self.children[name]
        kind, empty = child.kind, child.empty
        if name not in self.decoders:
            return [cell if type(cell) is kind else empty for cell in cells]
        decode, known, made = self.decoders[name].decode, dict[bytes, Any](), list[Any]()
        for cell in cells:
            if type(cell) is not msgspec.Raw:
                made.append(cell)
                continue
            text = bytes(cell)
            found = known.get(text)
            if found is None:
                try:
                    found = decode(text)
                except _BAD:
                    found = None
                found = known[text] = found if type(found) is kind else empty
            made.append(found)
        return made


class _Records:
    """Good records of a fixed shape."""

    def __init__(self, node: _Node, records: list[Any]) -> None:
        self.count = len(records)
        self._node = node
        self._objects: dict[tuple[str, ...], list[Any]] = {(): records}

    def cells(self, path: Path) -> list[Any] | None:
        """One field of every record. ``KeyError`` for a field the mapping does not name."""
        node = self._node
        taken: tuple[str, ...] = ()
        keys = segments(path)
        for place, name in enumerate(keys):
            if name not in node.slots:
                raise KeyError(f"the mapping does not name the field {path}")
            cells = list(map(attrgetter(node.slots[name]), self._objects[taken]))
            if name not in node.children:
                return _inside(cells, keys[place + 1 :])
            taken = (*taken, name)
            if taken not in self._objects:
                self._objects[taken] = node.objects(name, cells)
            node = node.children[name]
        raise KeyError(f"{path} is an object of which the mapping names members")


class _Documents:
    """Good records whose keys are only known in some spelling: they are matched in the folded one."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self.count = len(documents)
        self._documents = documents
        seen: dict[str, None] = {}
        for document in documents:
            if not document.keys() <= seen.keys():
                seen.update(dict.fromkeys(document))
        self._names: dict[str, list[str]] = {}
        for key in seen:
            self._names.setdefault(folded(key), []).append(key)

    def cells(self, path: Path) -> list[Any] | None:
        """One field of every record, its first key in the folded spelling."""
        first, *rest = segments(path)
        names = self._names.get(first)
        if names is None:
            return None
        cells = [document.get(names[0]) for document in self._documents]
        for name in names[1:]:
            pairs = zip(cells, self._documents, strict=True)
            cells = [other.get(name) if cell in _NOTHING else cell for cell, other in pairs]
        return _inside(cells, tuple(rest))


_NOTHING: Final[tuple[Any, ...]] = (None, "", "-")


@lru_cache(maxsize=8192)
def folded(key: str) -> str:
    """A key in lower case with ``. - /`` and blanks as ``_``: how ``JsonLines(fold=True)`` compares keys."""
    return key.lower().translate(_SEPARATORS)


def _inside(cells: list[Any], keys: tuple[str, ...]) -> list[Any]:
    for key in keys:
        cells = [cell.get(key) if type(cell) is dict else None for cell in cells]
    return cells


@dataclass(frozen=True)
class JsonLines:
    """One JSON object per record.

    ``fold``: the customer chose the keys, so they are matched by ``folded`` and written so in the mapping.
    ``repeated``: objects that are the same in many records (a service, a rule), decoded once per distinct text.
    ``salvage`` reads records that are no JSON. ``unwrap`` gives the object that holds the fields of a document
    (``fold`` only).
    """

    fold: bool = False
    repeated: tuple[Path, ...] = ()
    salvage: Salvage | None = None
    unwrap: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    _node: _Node | None = field(default=None, repr=False)

    def prepared(self, paths: frozenset[tuple[str, ...]]) -> JsonLines:
        """This reader with a decoder that builds ``paths`` and skips all else."""
        if self.fold:
            return self
        return replace(self, _node=_Node(sorted(paths), frozenset(map(segments, self.repeated))))

    def read(self, records: Sequence[bytes]) -> Read:
        """The records' fields; a record that is no JSON object is bad."""
        node = self._node
        kind = dict[str, Any] if node is None else node.kind
        decode = _list_decoder(kind).decode
        made: list[Any] = []
        reasons: dict[int, str] = {}
        for start in range(0, len(records), PIECE):
            piece = records[start : start + PIECE]
            try:
                found = decode(b"[" + b",".join(piece) + b"]")
            except _BAD:
                found = ()
            if len(found) == len(piece):
                made += found
                continue
            for place, record in enumerate(piece, start):
                document = self._document(record)
                if isinstance(document, str):
                    reasons[place] = document
                else:
                    made.append(document if node is None else node.made(document))
        places = [place for place in range(len(records)) if place not in reasons] if reasons else None
        if node is not None:
            return Read(_Records(node, made), places, reasons)
        return Read(_Documents(list(map(self.unwrap, made)) if self.unwrap else made), places, reasons)

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


@lru_cache(maxsize=256)
def _list_decoder(kind: Any) -> Any:
    return msgspec.json.Decoder(list[kind])
