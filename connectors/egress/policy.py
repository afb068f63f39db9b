"""What a deployment allows its connectors to reach, and the limits of every exchange."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Limits of outbound traffic.

    ``allow`` lists ``host:port`` pairs that may be reached although their address is not public, and without
    TLS: a private Kong Admin API, a VPC endpoint. It is the operator's setting, never a tenant's. Times are
    seconds, sizes bytes. ``total_timeout`` ends one call of ``request`` or one mail, its retries included.
    ``authorities`` is a file (PEM) of certificate authorities trusted in place of the system's.
    """

    allow: frozenset[str] = frozenset()
    connect_timeout: float = 5.0
    read_timeout: float = 20.0
    total_timeout: float = 120.0
    max_response_bytes: int = 32 * 1024 * 1024
    max_attempts: int = 3
    requests_per_second: float = 10.0
    burst: int = 40
    require_tls: bool = True
    authorities: str = ""

    @classmethod
    def from_text(cls, allow: str, *scopes: str) -> EgressPolicy:
        """A policy whose allow-list is a comma-separated text (``PORTCULLIS_EGRESS_ALLOW``).

        An entry is ``host:port``, open to every tenant, or ``scope/host:port``, open only where ``scope`` is
        among ``scopes``: a workspace's short name, a connection's or an alert destination's id.
        """
        pairs = set()
        for entry in allow.split(","):
            scope, _, pair = entry.strip().rpartition("/")
            if pair and (not scope or scope in scopes):
                pairs.add(_pair(*pair.rpartition(":")[::2]))
        return cls(allow=frozenset(pairs))

    def allows_private(self, host: str, port: int) -> bool:
        """Whether the operator opened exactly this host and port."""
        return _pair(host, str(port)) in self.allow

    def opens(self, url: str) -> bool:
        """Whether the operator opened exactly the host and port of this address."""
        return address_pair(url) in self.allow


def address_pair(url: str) -> str:
    """An address's host and port as ``allow`` lists them."""
    parts = urlsplit(url)
    return _pair(parts.hostname or "", str(parts.port or (443 if parts.scheme == "https" else 80)))


def _pair(host: str, port: str) -> str:
    return f"{host.lower().strip('[]')}:{port}"
