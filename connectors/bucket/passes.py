"""One pass over the objects of a prefix: which of them are read, from where, and what the cursor says after each batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connectors.base.calls import RawBatch
from connectors.base.capabilities import Cursor
from connectors.base.errors import ConnectorError, PermissionMissing
from connectors.bucket.position import Place, Position, Reached, key_hash, version_of
from connectors.bucket.prefixes import is_wanted, prefixes_between
from connectors.bucket.reading import Interrupted, ObjectReader
from connectors.bucket.stores import ObjectUnread, Store, StoredObject

if TYPE_CHECKING:
    from connectors.bucket.manifest import BucketSettings

#: The source of a batch that says why an object could not be read.
UNREAD: Final = "bucket.object"
#: A last line without an end is taken as it is when nothing was written for so long.
QUIET: Final = 600
#: How long an object that grows is looked after; Azure's hourly blobs are written to for little more than an hour.
GROWS: Final = 2 * 3600
#: Objects passed over before the cursor is stored without calls.
MILESTONE: Final = 20_000
#: Objects that we may not read, before this is taken for a refusal of all.
MAX_DENIED: Final = 20
#: How long a refused object is asked for again while others can be read.
_PATIENCE: Final = 86_400
#: Folders may be named by a clock or a time zone ahead of ours: days of any zone, hours of none.
_AHEAD_DAY, _AHEAD_HOUR = 14 * 3600, 3600
_SHOWN: Final = 80

_Batches = Iterator[tuple[RawBatch, Cursor]]


class Pass:
    """One pass over one template, or what is left of it."""

    def __init__(
        self,
        settings: BucketSettings,
        store: Store,
        clock: Callable[[], float],
        position: Position,
        template: str,
    ) -> None:
        self._settings, self._store, self._clock = settings, store, clock
        self._position, self._template = position, template
        self._place: Place = position.places[template]
        self._passed_over = 0
        self._read_any = False
        self._listing = True
        self._denied: PermissionMissing | None = None

    def run(self) -> _Batches:
        """From where the place stands to the end of the pass; nothing when the last one was a moment ago."""
        place, now = self._place, self._clock()
        if place.started is None and 0 <= now - place.polled < self._settings.poll_seconds:
            return
        prefixes = self._prefixes(now)
        begun_at, after = place.at, place.after
        for prefix in prefixes[prefixes.index(begun_at) if begun_at else 0 :]:
            yield from self._prefix(prefix, after if prefix == begun_at else "")
        yield from self._ask_again()
        started = int(now) if place.started is None else place.started
        overlap = self._settings.overlap_minutes * 60
        # Folders were listed up to the day of our clock: when it is behind the store's, later ones are still to come.
        place.finished(min(started, int(now)) - overlap, now)
        oldest = min(other.since or 0 for other in self._position.places.values())
        self._position.drop_before(oldest, started - max(GROWS, overlap))
        yield RawBatch(UNREAD, ()), self._position.saved()
        if self._denied is not None:
            raise self._denied

    def _prefixes(self, now: float) -> list[str]:
        """The prefixes to list. A place that is not among them (settings changed) begins anew."""
        started = now if self._place.started is None else self._place.started
        since = self._since(started) - self._settings.late_hours * 3600
        ahead = _AHEAD_HOUR if "{hh}" in self._template else _AHEAD_DAY
        made = list(prefixes_between(self._template, since, started + ahead))
        if self._place.at not in made:
            self._place.at = ""
            self._place.passed("")
        return made

    def _since(self, started: float) -> int:
        if self._place.since is not None:
            return self._place.since
        return int(started) - self._settings.backfill_days * 86_400

    def _prefix(self, prefix: str, after: str) -> _Batches:
        place = self._place
        for page in self._store.objects(prefix, after):
            if place.started is None:
                place.started = int(self._store.clock or self._clock())
            if place.at != prefix:
                place.at = prefix
                place.passed("")
            for found in page:
                if self._is_due(found):
                    yield from self._object(found)
                if _storable(found.key):
                    place.passed(found.key)
                self._passed_over += 1
                if self._passed_over >= MILESTONE:
                    self._passed_over = 0
                    yield RawBatch(UNREAD, ()), self._position.saved()

    def _is_due(self, found: StoredObject) -> bool:
        """Whether an object is one of ours and holds something that was not read."""
        if not found.size or found.modified < self._since(self._place.started or 0):
            return False
        if not is_wanted(found.key, self._settings.pattern):
            return False
        key, version = key_hash(found.key), version_of(found)
        grown = self._position.growing.get(key.hex())
        if grown is None:
            return self._position.recent.version(key) != version
        ended = self._is_quiet(found) and grown.offset < found.size
        return grown.version != version.hex() or ended

    def _is_quiet(self, found: StoredObject) -> bool:
        return (self._place.started or 0) - found.modified >= QUIET

    def _object(self, found: StoredObject) -> _Batches:
        """An object's batches; one that we alone may not read does not keep us from the others."""
        try:
            yield from self._read(found)
            self._read_any = True
        except Interrupted as stopped:
            if not isinstance(stopped.error, PermissionMissing):
                raise stopped.error from stopped
            self._deny(found, stopped.error)

    def _deny(self, found: StoredObject, error: PermissionMissing) -> None:
        place = self._place
        told = PermissionMissing(
            f"{shown(found.key)} could not be read. {error.what}",
            missing=error.missing,
            unchanged="It is asked for again.",
            action=error.action,
        )
        if found.key not in place.denied and (len(place.denied) >= MAX_DENIED or not _storable(found.key)):
            raise told
        place.denied.setdefault(found.key, place.started or int(self._clock()))
        self._denied = told

    def _ask_again(self) -> _Batches:
        """Read what was refused in earlier passes. After a day in which others could be read it is given up."""
        place, started = self._place, self._place.started or 0
        self._listing = False
        for key, since in list(place.denied.items()):
            if since >= started:
                continue  # refused a moment ago
            page = next(self._store.objects(key), [])
            found = next((entry for entry in page if entry.key == key), None)
            if found is None:
                del place.denied[key]
                continue
            yield from self._object(found)
            if key in place.denied and self._read_any and started - since >= _PATIENCE:
                del place.denied[key]
                yield _unread(found, "reading it was refused for a day"), self._position.saved()

    def _read(self, found: StoredObject) -> _Batches:
        """An object's batches, each with a cursor that comes back into it; the last one with it finished."""
        place, settings = self._place, self._settings
        grown = self._position.growing.get(key_hash(found.key).hex())
        grows = (
            found.appendable or bool(grown) or self._position.recent.version(key_hash(found.key)) is not None
        )
        part = place.part if place.part_key == found.key else None
        if part is not None and part.version != version_of(found).hex():
            part = None
        open_end = grows and not self._is_quiet(found)
        reader = ObjectReader(
            self._store, found, part or grown, settings.format, settings.default_host, open_end
        )
        held, reached, reason = None, reader.at, ""
        try:
            for batch in reader.batches():
                if held is not None:
                    yield held, self._within(found, reached)
                held, reached = batch, reader.at
            tail = reader.tail() if grows and reader.by_offset else ""
        except ObjectUnread as unread:
            if unread.again:
                return  # its new version is in the next pass
            reason = unread.reason
        except ConnectorError as broken:
            reason = broken.what
        if reason and held is not None:
            yield held, self._within(found, reached)
        self._done(found, replace(reader.at, tail=tail) if not reason and tail else None)
        if reason:
            yield _unread(found, reason), self._position.saved()
        elif held is not None:
            yield held, self._position.saved()

    def _within(self, found: StoredObject, reached: Reached) -> Cursor:
        """The cursor in the middle of an object."""
        if _storable(found.key):
            self._place.part_key, self._place.part = found.key, reached
        return self._position.saved()

    def _done(self, found: StoredObject, grown: Reached | None) -> None:
        """The object is read to its end; ``grown`` tells how far, when it may become longer."""
        key = key_hash(found.key)
        self._place.denied.pop(found.key, None)
        if self._listing and _storable(found.key):
            self._place.passed(found.key)
        else:
            self._place.part_key, self._place.part = "", None
        if grown is not None:
            self._position.grew(key, grown)
        else:
            self._position.growing.pop(key.hex(), None)
            self._position.recent.add(key, version_of(found), found.modified)


def shown(key: str) -> str:
    """A key as it is shown to people: its end when it is long."""
    name = key.replace("\0", "?")
    return name if len(name) <= _SHOWN else f"…{name[-_SHOWN:]}"


def _unread(found: StoredObject, reason: str) -> RawBatch:
    return RawBatch(UNREAD, (found.key.encode(errors="replace"),), {"reason": reason})


def _storable(key: str) -> bool:
    """Whether a key can stand in the cursor: the database takes neither zero characters nor broken text."""
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in key
