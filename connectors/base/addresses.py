"""Addresses that people give in settings, and networks put together."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, get_mixed_type_key
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


def collapsed(networks: Iterable[IPv4Network | IPv6Network]) -> list[IPv4Network | IPv6Network]:
    """The fewest networks that are the same addresses, in order."""
    given = list(networks)
    v4 = [network for network in given if isinstance(network, IPv4Network)]
    v6 = [network for network in given if isinstance(network, IPv6Network)]
    return sorted([*collapse_addresses(v4), *collapse_addresses(v6)], key=get_mixed_type_key)
