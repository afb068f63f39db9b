"""What a deployment allows its connectors to reach, and the limits of every exchange."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Limits of outbound traffic.

    ``allow`` lists ``host:port`` pairs that may be reached although their address is not public: a private
    Kong Admin API, a VPC endpoint. It is the operator's setting, never a tenant's. Times are seconds, sizes bytes.
    """

    allow: frozenset[str] = frozenset()
    connect_timeout: float = 5.0
    read_timeout: float = 20.0
    max_response_bytes: int = 32 * 1024 * 1024
    max_attempts: int = 3
    requests_per_second: float = 10.0
    burst: int = 40

    @classmethod
    def from_text(cls, allow: str) -> EgressPolicy:
        """A policy whose allow-list is a comma-separated text (``PORTCULLIS_EGRESS_ALLOW``)."""
        return cls(allow=frozenset(entry.strip().lower() for entry in allow.split(",") if entry.strip()))

    def allows_private(self, host: str, port: int) -> bool:
        """Whether the operator opened exactly this host and port."""
        return f"{host.lower().strip('[]')}:{port}" in self.allow
