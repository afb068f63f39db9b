"""The least TLS version that AWS's policies accept, as "1.0" to "1.3" (or "SSL 3.0"). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from connectors.base.model import Setting

#: Older than every TLS version.
SSL: Final = "SSL 3.0"
_PROTOCOL: Final = re.compile(r"^TLSv1(?:\.(\d))?")
#: API Gateway: ``TLS_1_2``, ``SecurityPolicy_TLS13_1_2_2021_06`` (1.2 and newer), ``SecurityPolicy_TLS13_2025_EDGE``.
_GATEWAY: Final = re.compile(r"^(?:SecurityPolicy_TLS1(\d)|TLS)(?:_(?:PFS_)?1_(\d)(?:_|$))?")


def least(protocols: Iterable[str]) -> str | None:
    """The oldest of ``SSLv3``, ``TLSv1``, ``TLSv1.2_2021`` …; None when there is none we know."""
    given = list(protocols)
    if any(protocol.startswith("SSL") for protocol in given):
        return SSL
    matches = [match for match in map(_PROTOCOL.match, given) if match]
    return min((f"1.{match.group(1) or 0}" for match in matches), default=None)


def least_of_gateway(policy: str) -> str | None:
    """What a custom domain's security policy accepts at least; None for a name we do not know."""
    match = _GATEWAY.match(policy)
    digit = (match.group(2) or match.group(1)) if match else None
    return f"1.{digit}" if digit else None


def minimum_tls(ref: str, place: str, host: str, policy: str, minimum: str | None) -> Setting:
    """The fact that checks read: ``place`` is a person's name for where it holds, ``minimum`` None when not known."""
    value: Mapping[str, Any] = {"place": place, "host": host, "policy": policy, "minimum": minimum}
    return Setting(ref, "minimum_tls", value, value)
