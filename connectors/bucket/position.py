"""How far a bucket was read: small, JSON, and true whenever it is stored together with the calls before it.

Per prefix template a *place*: objects modified before ``since`` are done. A pass lists a template from its beginning
to its end in the store's order and remembers the key it came to, so it goes on where it was stopped. What was
modified within the overlap before a pass began is listed by the next pass too; ``recent`` tells what of it is done,
``growing`` how far objects were read that may become longer.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from connectors.bucket.stores import StoredObject

#: Finished objects that are remembered; beyond it the oldest are forgotten, and read again as duplicates.
MAX_RECENT: Final = 10_000
#: Objects whose offset is remembered.
MAX_GROWING: Final = 500
_KEY: Final = 8
_ENTRY: Final = 14


def key_hash(key: str) -> bytes:
    """Eight bytes that stand for a key."""
    return blake2b(key.encode(errors="surrogatepass"), digest_size=_KEY).digest()


def version_of(found: StoredObject) -> bytes:
    """Six bytes that stand for what an object holds now."""
    return blake2b(f"{found.etag}\x1f{found.size}".encode(), digest_size=_ENTRY - _KEY).digest()


class Recent:
    """Finished objects by the minute they were modified in: a hash of each one's key and version."""

    def __init__(self, saved: Mapping[str, str]) -> None:
        self._minutes = {int(minute): bytearray(base64.b64decode(text)) for minute, text in saved.items()}
        self._known: dict[bytes, tuple[bytes, int]] = {}
        for minute in sorted(self._minutes):
            for key, version in _entries(self._minutes[minute]):
                self._known[key] = (version, minute)
        self._count = sum(map(len, self._minutes.values())) // _ENTRY
        self._texts = dict(saved)

    def version(self, key: bytes) -> bytes | None:
        """The version of a key that was finished last, None when it is not remembered."""
        known = self._known.get(key)
        return known[0] if known is not None else None

    def add(self, key: bytes, version: bytes, modified: float) -> None:
        """Remember a finished object; the oldest are forgotten beyond ``MAX_RECENT``."""
        minute = int(modified // 60)
        self._minutes.setdefault(minute, bytearray()).extend(key + version)
        self._texts.pop(str(minute), None)
        self._known[key] = (version, minute)
        self._count += 1
        if self._count > MAX_RECENT:
            oldest = min(self._minutes)
            forgotten = self._minutes[oldest][:_ENTRY]
            del self._minutes[oldest][:_ENTRY]
            self._forget(oldest, forgotten)

    def drop_before(self, moment: float) -> None:
        """Forget objects modified before ``moment``: they are not asked for again."""
        for minute in [minute for minute in self._minutes if (minute + 1) * 60 <= moment]:
            self._forget(minute, self._minutes.pop(minute))

    def saved(self) -> dict[str, str]:
        """Minute to base64."""
        for minute, entries in self._minutes.items():
            if str(minute) not in self._texts:
                self._texts[str(minute)] = base64.b64encode(entries).decode()
        return dict(self._texts)

    def _forget(self, minute: int, entries: bytearray) -> None:
        self._texts.pop(str(minute), None)
        self._count -= len(entries) // _ENTRY
        for key, version in _entries(entries):
            if self._known.get(key) == (version, minute):
                del self._known[key]
        if not self._minutes.get(minute, b""):
            self._minutes.pop(minute, None)


def _entries(packed: bytearray) -> Iterator[tuple[bytes, bytes]]:
    for at in range(0, len(packed), _ENTRY):
        yield bytes(packed[at : at + _KEY]), bytes(packed[at + _KEY : at + _ENTRY])


@dataclass(frozen=True, slots=True)
class Reached:
    """How far one object was read: ``line`` lines, which end at ``offset`` (0: it can only be read from the start).

    ``tail`` is a hash of the bytes before the offset: when they are others, it is another file. ``format`` as it was
    recognised from the beginning.
    """

    version: str
    offset: int = 0
    line: int = 0
    format: str = ""
    tail: str = ""
    modified: int = 0

    def saved(self) -> list[Any]:
        """As a JSON list."""
        return [self.version, self.offset, self.line, self.format, self.tail, self.modified]


@dataclass(slots=True)
class Place:
    """Where one template stands. ``started`` is None between passes; ``part`` belongs to the object behind ``after``.

    ``denied``: objects we may not read though others can be, and since when.
    """

    since: int | None = None
    polled: int = 0
    started: int | None = None
    at: str = ""
    after: str = ""
    part_key: str = ""
    part: Reached | None = None
    denied: dict[str, int] = field(default_factory=dict)

    def saved(self) -> dict[str, Any]:
        """As JSON, without what says nothing."""
        whole = {
            "since": self.since, "polled": self.polled, "started": self.started, "at": self.at, "after": self.after,
            "part_key": self.part_key, "part": self.part.saved() if self.part else None, "denied": dict(self.denied),
        }  # fmt: skip
        return {name: value for name, value in whole.items() if value not in (None, "", {})}

    def passed(self, key: str) -> None:
        """The pass has done with ``key``."""
        self.after, self.part_key, self.part = key, "", None

    def finished(self, since: int, now: float) -> None:
        """The pass came to its end."""
        self.since, self.polled = max(since, self.since or 0), int(now)
        self.started, self.at = None, ""
        self.passed("")


@dataclass(slots=True)
class Position:
    """The whole cursor."""

    places: dict[str, Place] = field(default_factory=dict)
    recent: Recent = field(default_factory=lambda: Recent({}))
    growing: dict[str, Reached] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: Mapping[str, Any]) -> Position:
        """The position a stored cursor says; an empty one is the beginning."""
        places = {}
        for template, saved in (cursor.get("places") or {}).items():
            part = saved.get("part")
            places[template] = Place(**{**saved, "part": Reached(*part) if part else None})
        growing = {key: Reached(*saved) for key, saved in (cursor.get("growing") or {}).items()}
        return cls(places, Recent(cursor.get("recent") or {}), growing)

    def saved(self) -> dict[str, Any]:
        """The cursor to store with what was read until now."""
        return {
            "places": {template: place.saved() for template, place in self.places.items()},
            "recent": self.recent.saved(),
            "growing": {key: reached.saved() for key, reached in self.growing.items()},
        }

    def grew(self, key: bytes, reached: Reached) -> None:
        """Remember how far a growing object was read; the oldest is forgotten beyond ``MAX_GROWING``."""
        self.growing[key.hex()] = reached
        if len(self.growing) > MAX_GROWING:
            del self.growing[min(self.growing, key=lambda name: self.growing[name].modified)]

    def drop_before(self, moment: float, quiet_since: float) -> None:
        """Forget what no pass will ask for again."""
        self.recent.drop_before(moment)
        for key in [key for key, reached in self.growing.items() if reached.modified < quiet_since]:
            del self.growing[key]
