"""JSON records whose keys the customer chose: the keys are learned from the records and compared folded.

Once the keys are known a piece of records is decoded into slots, which takes a third of the time of dictionaries. A
key that is not known makes that piece be read as dictionaries, and is known from then on, so none is overlooked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import msgspec

from connectors.base.mapping.columns import Cells, Path, segments
from connectors.base.mapping.packing import Gathered, each, packed

_SEPARATORS: Final = str.maketrans(".-/ ", "____")
_NOTHING: Final[tuple[Any, ...]] = (None, "", "-")
#: More different keys than this are not learned.
_MOST: Final = 256


@lru_cache(maxsize=8192)
def folded(key: str) -> str:
    """A key in lower case with ``. - /`` and blanks as ``_``: the usual ``fold`` of ``JsonLines``."""
    return key.lower().translate(_SEPARATORS)


class Keys:
    """What is known of the keys of one format: ``wanted`` are the folded ones that are asked for."""

    def __init__(self, wanted: frozenset[str], fold: Callable[[str], str]) -> None:
        self.wanted = wanted
        self.fold = fold
        self._known: dict[str, None] = {}

    def learn(self, documents: Sequence[dict[str, Any]]) -> None:
        """Remember the keys of ``documents``."""
        for document in documents:
            if not document.keys() <= self._known.keys():
                merged = {**self._known, **dict.fromkeys(document)}
                if len(merged) <= _MOST:
                    self._known = merged

    def columns(self, documents: Sequence[dict[str, Any]]) -> dict[Any, Cells]:
        """The asked-for columns of ``documents`` by key."""
        seen: dict[str, None] = {}
        for document in documents:
            if not document.keys() <= seen.keys():
                seen.update(dict.fromkeys(document))
        asked = [key for key in seen if self.fold(key) in self.wanted]
        return {key: packed([document.get(key) for document in documents]) for key in asked}

    def slots(self) -> Slots | None:
        """A class for records of the known keys; None as long as nothing is known."""
        known = tuple(self._known)
        asked = frozenset(key for key in known if self.fold(key) in self.wanted)
        return _slots(known, asked) if known else None


class Slots:
    """A class with a slot per known key; it refuses records with any other key."""

    def __init__(self, known: tuple[str, ...], asked: frozenset[str]) -> None:
        self.names = {key: f"k{place}" for place, key in enumerate(known)}
        members = [
            (slot, Any, None) if key in asked else (slot, msgspec.Raw, msgspec.Raw(b""))
            for key, slot in self.names.items()
        ]
        renamed = {slot: key for key, slot in self.names.items()}
        self._asked = [key for key in known if key in asked]
        self._pull = attrgetter(*(self.names[key] for key in self._asked)) if self._asked else None
        kind = msgspec.defstruct("Chosen", members, rename=renamed, gc=False, forbid_unknown_fields=True)
        self.decode: Callable[[bytes], list[Any]] = msgspec.json.Decoder(list[kind]).decode  # type: ignore[valid-type]

    def columns(self, records: Sequence[Any]) -> dict[Any, Cells]:
        """The asked-for columns by key."""
        if self._pull is None:
            return {}
        pulled = map(self._pull, records)
        cells: Any = [list(pulled)] if len(self._asked) == 1 else zip(*pulled, strict=True)
        return {key: packed(column) for key, column in zip(self._asked, cells, strict=True)}


@lru_cache(maxsize=64)
def _slots(known: tuple[str, ...], asked: frozenset[str]) -> Slots:
    return Slots(known, asked)


class ChosenKeys(Gathered):
    """Good records of chosen keys; columns by key as it is written in the records."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys
        self._names: dict[str, list[str]] | None = None

    def cells(self, path: Path) -> Cells | None:
        """One field of every record, its first key in the folded spelling."""
        first, *rest = segments(path)
        if self._names is None:
            self._names = {}
            for key in self.keys():
                self._names.setdefault(self._keys.fold(key), []).append(key)
        names = self._names.get(first)
        if names is None:
            return None
        found = self.column(names[0])
        for name in names[1:]:
            pairs = zip(each(found), each(self.column(name)), strict=True)
            found = [other if cell in _NOTHING else cell for cell, other in pairs]
        for key in rest:
            found = [cell.get(key) if type(cell) is dict else None for cell in each(found)]
        return found
