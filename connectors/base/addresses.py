"""Addresses that people give in settings."""

from __future__ import annotations

from urllib.parse import urlsplit


def web_address(value: str) -> str:
    """An http(s) address without a slash at its end, or empty; ``ValueError`` for anything else or more."""
    if not value:
        return ""
    parts = urlsplit(value)  # raises ValueError for brackets and, below, for ports that are none
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.port == 0:
        raise ValueError("must start with https:// or http:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must hold neither a user name or password, nor a query or fragment")
    return value.rstrip("/")
