"""When the exchange under way in this thread has to be over, whatever the other side drips."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float | None] = ContextVar("portcullis_egress_deadline", default=None)


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Everything in the block has to be over within ``seconds``; an earlier end set outside stays."""
    outer = _ends.get()
    own = time.monotonic() + seconds
    token = _ends.set(own if outer is None else min(own, outer))
    try:
        yield
    finally:
        _ends.reset(token)


def left(limit: float | None = None) -> float | None:
    """Seconds until the end, at most ``limit``; None without either. ``TimeoutError`` when it has passed."""
    ends = _ends.get()
    if ends is None:
        return limit
    remaining = ends - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("the exchange took longer than it may in total")
    return remaining if limit is None else min(limit, remaining)


def left_or_nothing() -> float:
    """Seconds until the end: 0 when it has passed, infinite without one."""
    ends = _ends.get()
    return float("inf") if ends is None else max(0.0, ends - time.monotonic())
