"""Which addresses a connection may be opened to: public unicast ones, or what the operator allowed.

The check happens on the resolved address that is then connected to, so that a name that changes between
check and use (DNS rebinding) gains nothing. A name is refused when *any* of its addresses is not public.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from connectors.base.errors import RefusedError, TransientError
from connectors.egress.policy import EgressPolicy

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_V4_COMPATIBLE = IPv6Network("::/96")


def embedded_v4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address an IPv6 address stands for: mapped, compatible, 6to4, Teredo or NAT64; else None."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _NAT64) or address in _V4_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is globally reachable unicast, looking through IPv6 forms of IPv4 addresses."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        inner = embedded_v4(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve_allowed(host: str, port: int, policy: EgressPolicy) -> list[str]:
    """The addresses of ``host`` that may be connected to, in the resolver's order.

    Raises ``RefusedError`` when one of them is not public and the operator has not allowed the pair, and
    ``TransientError`` when the name does not resolve.
    """
    bare = host.strip("[]")
    addresses = _resolve(bare, port)
    if policy.allows_private(bare, port):
        return addresses
    for text in addresses:
        if not is_public(ip_address(text)):
            raise RefusedError(
                f"{bare}:{port} leads to {text}, which is not a public address.",
                unchanged="Nothing was sent.",
                action="Use a public address, a remote runner inside that network, or have the operator allow it.",
            )
    return addresses


def _resolve(name: str, port: int) -> list[str]:
    """Addresses of a name; names under ``localhost`` are loopback without asking anyone (RFC 6761 §6.3)."""
    if name.lower().rstrip(".").endswith(".localhost"):
        return ["127.0.0.1"]
    try:
        answers = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TransientError(
            f"The host name {name} could not be resolved.",
            action="Check the host name in the connection's settings.",
        ) from error
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
