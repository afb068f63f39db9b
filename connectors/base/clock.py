"""What time it is at the vendor: its answers say it, and what arrived there is dated by it."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def server_time(headers: Mapping[str, str]) -> float | None:
    """Unix time of the ``Date`` header."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None
