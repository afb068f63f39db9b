"""What block to suggest for an actor: the narrowest match that hits it and can be enforced."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final

_MOST_ADDRESSES: Final = 500


def suggest(addresses: Sequence[str], title: str) -> dict[str, Any] | None:
    """A draft of a block for the actor's addresses; None when it has none or too many to block by address.

    Principals are known to us only as hashes, so they too are blocked by the addresses they came from.
    """
    networks = []
    for text in addresses:
        address = ip_address(text)
        networks.append(f"{address}/{address.max_prefixlen}")
    if not networks or len(networks) > _MOST_ADDRESSES:
        return None
    return {"match": {"networks": networks}, "action": "block", "ttl_seconds": 86_400, "reason": title}
