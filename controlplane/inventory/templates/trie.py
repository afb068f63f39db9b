"""Segment trie with additive statistics: what the learner keeps of the calls it has seen.

Every number is a sum, so learning in batches gives the same trie as one big batch. The size is
bounded: a node keeps at most `MAX_CHILDREN` spelled children, the rarest value-like ones fold into
one key per kind.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final
from zlib import crc32

from .segments import MARK, literal_score, word_kind

MAX_CHILDREN: Final = 1_000
"""Spelled children a node keeps (text that is no value by form) before the rarest fold into kinds."""

SKETCH_BITS: Final = 256

REFUSED: Final = frozenset({400, 403, 404, 405, 406, 410, 414, 444})
"""Statuses that say nothing of an operation's existence: what a scan is answered."""


@dataclass(slots=True)
class Tally:
    """Calls of one method at one node: `served` (the server did something), `refused`, `unknown` (no status)."""

    served: int = 0
    refused: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """All calls."""
        return self.served + self.refused + self.unknown

    @property
    def positive(self) -> int:
        """Calls that speak for an operation: served, or of unknown outcome."""
        return self.served + self.unknown

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        self.served += other.served
        self.refused += other.refused
        self.unknown += other.unknown


@dataclass(slots=True)
class Node:
    """One position of a host's paths: its children by key, the calls that end here by method."""

    children: dict[str, "Node"] = field(default_factory=dict)
    methods: dict[str, Tally] = field(default_factory=dict)
    weight: int = 0
    """Positive calls at or below this node; derived by `weigh`."""
    sketch: int = 0
    """Linear-counting bitmap (`SKETCH_BITS` wide) of the values that collapsed into this key."""

    def merge(self, other: "Node") -> None:
        """Add another subtree to this one."""
        self.sketch |= other.sketch
        for method, tally in other.methods.items():
            self.methods.setdefault(method, Tally()).add(tally)
        for key, child in other.children.items():
            mine = self.children.get(key)
            if mine is None:
                self.children[key] = mine = Node()
            mine.merge(child)

    def weigh(self) -> int:
        """Recompute `weight` here and below; the weight of this node."""
        self.weight = sum(tally.positive for tally in self.methods.values())
        for child in self.children.values():
            self.weight += child.weigh()
        return self.weight

    def fold(self) -> None:
        """Fold the rarest value-like children into kind keys until `MAX_CHILDREN` spelled ones are left."""
        if len(self.children) > MAX_CHILDREN:
            spelled = [key for key in self.children if not key.startswith(MARK)]
            spelled.sort(key=lambda key: (self.children[key].weight > 2, literal_score(key) > 1, key))
            for key in spelled[: max(0, len(spelled) - MAX_CHILDREN)]:
                child = self.children.pop(key)
                folded = self.children.setdefault(MARK + word_kind(key), Node())
                folded.merge(child)
                folded.sketch |= sketch_bit(key)
        for child in self.children.values():
            child.fold()

    def to_json(self) -> list[Any]:
        """Compact JSON form: `[sketch, methods, children]`."""
        return [
            f"{self.sketch:x}",
            {m: [t.served, t.refused, t.unknown] for m, t in sorted(self.methods.items())},
            {key: child.to_json() for key, child in sorted(self.children.items())},
        ]

    @classmethod
    def from_json(cls, data: list[Any]) -> "Node":
        """Inverse of `to_json`; call `weigh` on the root afterwards."""
        sketch, methods, children = data
        return cls(
            children={key: cls.from_json(child) for key, child in children.items()},
            methods={method: Tally(*counts) for method, counts in methods.items()},
            sketch=int(sketch, 16),
        )


def sketch_bit(value: str) -> int:
    """Bit of a value in a node's distinctness sketch."""
    return 1 << (crc32(value.encode()) % SKETCH_BITS)


def distinct_values(sketch: int) -> int:
    """Estimated number of different values in a sketch; exact for few, saturating near 1,500."""
    empty = SKETCH_BITS - sketch.bit_count()
    return round(SKETCH_BITS * math.log(SKETCH_BITS / max(empty, 0.5)))
