"""What time it is: here, and at the vendor, whose answers say it and by whose clock what arrived there is dated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def wall_clock() -> datetime:
    """This machine's time; a class that takes a clock takes this one by default."""
    return datetime.now(UTC)


def server_time(headers: Mapping[str, str]) -> float | None:
    """Unix time of the ``Date`` header."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None
