"""Values that other apps may hold: windows, filters and what became of a batch."""

from __future__ import annotations

from dataclasses import dataclass

MICROSECONDS = 1_000_000

#: Who deals with newly stored calls; each settles every segment exactly when its own work is committed.
READERS = ("detection", "inventory")

#: A push that could not be read this often is set aside.
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Window:
    """Event time from ``start`` (inclusive) to ``end`` (exclusive), microseconds since the epoch, UTC."""

    start: int
    end: int

    @classmethod
    def last(cls, seconds: int, now: float) -> Window:
        """The ``seconds`` before ``now`` (Unix time in seconds)."""
        end = int(now * MICROSECONDS)
        return cls(end - seconds * MICROSECONDS, end)

    @property
    def seconds(self) -> float:
        """Length of the window in seconds."""
        return (self.end - self.start) / MICROSECONDS


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls a query is about; unset fields do not restrict.

    ``template`` is a path template; ``except_templates`` are more specific ones whose calls it does not own.
    Of ``either``, one must hold as well.
    """

    connection: str | None = None
    source: str | None = None
    host: str | None = None
    methods: tuple[str, ...] = ()
    template: str | None = None
    except_templates: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    client_ips: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    call_ids: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    either: tuple[CallFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a batch. ``stored`` + ``duplicates`` + ``quarantined`` is the number of its records."""

    stored: int
    duplicates: int
    quarantined: int
    segment_ids: tuple[str, ...] = ()
