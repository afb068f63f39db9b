"""Where a request came from. The one place that reads it, so that a header nobody vouched for is never believed."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(request: HttpRequest) -> str:
    """Return the address of whoever sent this request; empty when the server was not told one.

    `X-Forwarded-For` counts only as far as proxies of `TRUSTED_PROXIES` wrote it: it is read from its end, and the first
    address that is not one of theirs is the client. What a client wrote itself stands before that and is not read.
    """
    found = str(request.META.get("REMOTE_ADDR", ""))
    trusted = _networks(tuple(settings.TRUSTED_PROXIES))
    if not _within(found, trusted):
        return found
    for hop in reversed(str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
        address = _plain(hop)
        if not address:
            break
        found = address
        if not _within(address, trusted):
            break
    return found


def address_within(address: str, ranges: list[str]) -> bool:
    """Tell whether an address is in one of these CIDR ranges; an address nobody can read is in none."""
    return _within(address, _networks(tuple(ranges)))


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    plain = _plain(address)
    return bool(plain) and any(ipaddress.ip_address(plain) in network for network in networks)


def _plain(text: str) -> str:
    """The address alone, without port or brackets; IPv4 written as IPv6 is IPv4; empty when it is no address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


@lru_cache(maxsize=256)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)
