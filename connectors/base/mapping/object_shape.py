"""The shape of JSON records of which only some members are asked for: a decoder that builds those and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec

from connectors.base.mapping.columns import Cells
from connectors.base.mapping.headers import Headers
from connectors.base.mapping.packing import packed

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Special:
    """Members that are not taken as they are: headers, and what is made of a member at once."""

    headers: frozenset[Keys] = frozenset()
    computed: Mapping[Keys, tuple[tuple[Keys, Callable[[Any], Any]], ...]] = frozenset()  # type: ignore[assignment]


class Shape:
    """One object of the record: a class with a slot for each member that is asked for."""

    def __init__(self, paths: Iterable[Keys], special: Special, at: Keys = ()) -> None:
        below: dict[str, set[Keys]] = {}
        for path in paths:
            below.setdefault(path[0], set()).add(path[1:])
        self._at = at
        self._special = special
        self._children: dict[str, Shape] = {}
        self._inner: dict[str, set[Keys]] = {}
        self._slots: dict[str, str] = {}
        members: list[tuple[str, Any, Any]] = []
        for number, (name, rests) in enumerate(below.items()):
            slot, here = f"m{number}", (*at, name)
            self._slots[name] = slot
            if () in rests or here in special.headers or here in special.computed:
                self._inner[name] = rests
                members.append((slot, Any, None))
                continue
            child = self._children[name] = Shape(rests, special, here)
            members.append((slot, child._anything, None))
        # gc=False: records are trees, and tracking them costs a third of the reading time.
        renamed = {slot: name for name, slot in self._slots.items()}
        self._kind: Any = msgspec.defstruct("Record", members, rename=renamed, gc=False)
        self._anything: Any = self._kind | list[Any] | str | int | float | bool | None
        self._empty: Any = self._kind()
        self._pull: Callable[[Any], Any] = attrgetter(*self._slots.values()) if members else lambda _: ()
        self.decode: Callable[[bytes], list[Any]] = msgspec.json.Decoder(list[self._kind]).decode  # type: ignore[name-defined]

    def made(self, value: Any) -> Any:
        """The object of a document that was decoded member by member; the empty one of anything else."""
        if not isinstance(value, dict):
            return self._empty
        members: dict[str, Any] = {}
        for name, slot in self._slots.items():
            if name in value:
                child = self._children.get(name)
                members[slot] = value[name] if child is None else child.made(value[name])
        return self._kind(**members)

    def gather(self, objects: Sequence[Any], columns: dict[Any, Cells]) -> None:
        """Put every member of ``objects`` that is asked for into ``columns`` by its path."""
        if not objects or not self._slots:
            return
        pulled = map(self._pull, objects)
        cells: Iterable[Any] = [list(pulled)] if len(self._slots) == 1 else zip(*pulled, strict=True)
        for name, column in zip(self._slots, cells, strict=True):
            child = self._children.get(name)
            if child is None:
                self._take(name, column, columns)
            else:
                child.gather(child._objects(column), columns)

    def _take(self, name: str, cells: Sequence[Any], columns: dict[Any, Cells]) -> None:
        here = (*self._at, name)
        rests = self._inner[name]
        for target, compute in self._special.computed.get(here, ()) if self._special.computed else ():
            columns[target] = packed([compute(cell) for cell in cells])
        if here in self._special.headers:
            headers = Headers(cells)
            for rest in rests:
                columns[(*here, *rest)] = headers.column() if not rest else packed(headers.values(rest[0]))
            return
        for rest in rests:
            found: Sequence[Any] = cells
            for key in rest:
                found = [cell.get(key) if type(cell) is dict else None for cell in found]
            columns[(*here, *rest)] = packed(found)

    def _objects(self, cells: Sequence[Any]) -> list[Any]:
        """Members as objects; what is no object counts as one without members."""
        kind, empty = self._kind, self._empty
        return [cell if type(cell) is kind else empty for cell in cells]
