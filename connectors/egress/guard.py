"""Which addresses a connection may be opened to: public unicast ones, or what the operator allowed.

The check happens on the resolved address that is then connected to, so that a name that changes between
check and use (DNS rebinding) gains nothing. A name is refused when *any* of its addresses is not public.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from typing import Final

from connectors.base.errors import RefusedError, TransientError
from connectors.egress.policy import EgressPolicy

#: Looks a name up: ``(name, port, seconds) -> addresses`` in the order they are to be tried.
Resolver = Callable[[str, int, float], list[str]]

# IANA IPv4 Special-Purpose Address Registry, plus what clouds answer on inside a public range.
_REFUSED_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's wire server
    )
)  # fmt: skip
# Global unicast (RFC 4291 §2.4), without what the IANA IPv6 registry takes out of it: IETF protocols (Teredo
# and ORCHID among them), documentation, 6to4.
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_REFUSED_V6: Final = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1; the local-use 64:ff9b:1::/48 stays refused
_ISATAP: Final = (0x00005EFE, 0x02005EFE)  # RFC 5214 §6.1: upper half of the interface identifier
_PENDING: Final = threading.BoundedSemaphore(64)


def embedded_v4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to an IPv6 address really reach: mapped or NAT64; else None."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is globally reachable unicast, looking through IPv6 forms of IPv4 addresses."""
    if isinstance(address, IPv6Address):
        inner = embedded_v4(address)
        if address.scope_id is not None:
            return False
        if inner is not None:
            return is_public(inner)
        tunnelled = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
        if tunnelled or address not in _GLOBAL_V6 or any(address in network for network in _REFUSED_V6):
            return False
    elif any(address in network for network in _REFUSED_V4):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve_allowed(
    host: str, port: int, policy: EgressPolicy, resolver: Resolver | None = None, seconds: float = 5.0
) -> list[str]:
    """The addresses of ``host`` that may be connected to, in the resolver's order.

    Raises ``RefusedError`` when one of them is not public and the operator has not allowed the pair, and
    ``TransientError`` when the name does not resolve within ``seconds``.
    """
    bare = host.strip("[]")
    if bare.lower().rstrip(".").endswith(".localhost"):
        addresses = ["127.0.0.1"]  # loopback without asking anyone (RFC 6761 §6.3)
    else:
        addresses = (resolver or system_resolver)(bare, port, seconds)
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


def system_resolver(name: str, port: int, seconds: float) -> list[str]:
    """Ask the operating system, for at most ``seconds``: its own limit depends on how many servers it asks.

    An abandoned look-up ends by itself later; at most 64 are under way in a process.
    """
    answer: SimpleQueue[list[str] | OSError | UnicodeError] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
            answer.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:
            answer.put(error)
        finally:
            _PENDING.release()

    if not _PENDING.acquire(timeout=max(0.0, seconds)):
        raise TransientError("Too many host names are being looked up.", unchanged="Nothing was sent.")
    threading.Thread(target=ask, name="egress-resolver", daemon=True).start()
    try:
        addresses = answer.get(timeout=max(0.001, seconds))
    except Empty:
        raise TransientError(
            f"The host name {name} was not resolved in time.", unchanged="Nothing was sent."
        ) from None
    if isinstance(addresses, list):
        return addresses
    raise TransientError(
        f"The host name {name} could not be resolved.",
        unchanged="Nothing was sent.",
        action="Check the host name in the connection's settings.",
    ) from addresses
