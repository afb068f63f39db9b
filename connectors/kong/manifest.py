"""Kong's card: settings, permissions, what its logs can tell and what cannot be done."""

from __future__ import annotations

from typing import Final

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PermissionNeed, SourceField
from connectors.kong.form import KongSettings

#: Entity collections that are read, with why. ``/certificates`` is left out: its answers hold private keys.
COLLECTIONS: Final[dict[str, str]] = {
    "services": "list the services and where they send requests to",
    "routes": "list the declared routes",
    "plugins": "derive authentication, limits, CORS and logging of each route",
    "consumers": "list the callers Kong knows by name (credentials are never requested)",
    "upstreams": "resolve load-balanced targets",
    "snis": "list the host names with a certificate (never the keys)",
}

_READS = tuple(
    PermissionNeed(action=f"GET /{name}", purpose=purpose) for name, purpose in COLLECTIONS.items()
)

MANIFEST = Manifest(
    key="kong",
    title="Kong Gateway",
    vendor="Kong",
    kind=ConnectorKind.GATEWAY,
    capabilities=frozenset(
        {
            Capability.ACCESS,
            Capability.CONFIG,
            Capability.PULL_CALLS,
            Capability.RECEIVE_CALLS,
            Capability.CHANGES,
            Capability.ENFORCE,
        }
    ),
    settings=KongSettings,
    summary="Kong 3.x, self-hosted or in Konnect: configuration, calls by http-log or from Konnect, blocks.",
    permissions=(
        PermissionNeed("GET /", "read version, router flavour and listeners"),
        *_READS,
        PermissionNeed(
            "PUT, PATCH, DELETE /plugins", "create and remove our own blocking plugins", access="write"
        ),
        PermissionNeed("PUT, DELETE /routes", "create and remove our own blocking routes", access="write"),
    ),
    field_matrix=(
        SourceField(
            source="kong.http_log",
            known=(
                "method",
                "path",
                "query",
                "host",
                "status",
                "client_ip",
                "consumer",
                "headers",
                "latency_ms",
                "upstream",
                "upstream_status",
                "request_bytes",
                "response_bytes",
                "declared_route",
                "user_agent",
            ),
            unknown=("body", "response_body", "ja3", "ja4", "country", "asn"),
            note=(
                "Kong keeps the queue in memory: a crashed worker loses what it had not sent yet. "
                "Kong removes Authorization values; cookies and API keys are hashed at our door."
            ),
        ),
        SourceField(
            source="kong.konnect",
            known=(
                "method",
                "path",
                "query",
                "host",
                "status",
                "client_ip",
                "consumer",
                "country",
                "latency_ms",
                "upstream",
                "upstream_status",
                "request_bytes",
                "response_bytes",
                "declared_route",
                "user_agent",
            ),
            unknown=("headers", "body", "response_body", "ja3", "ja4", "asn"),
            note="Konnect's API requests: rows come minutes late and are kept as long as your Konnect plan says.",
        ),
    ),
    cannot=(
        "Kong logs no request or response bodies, no TLS fingerprints, no country and no network owner.",
        "Open-source Kong keeps no audit trail: who changed what is known only with Kong Enterprise and audit_log on.",
        "Konnect sends its audit log to a webhook only, which is not taken: who changed what there is not known.",
        "A control plane group and its members are read but not blocked on: they share their data planes.",
        "Kong has no counting mode: the count stage is computed by us from Kong's logs and writes nothing.",
        "Open-source Kong cannot combine an address or a consumer with a path unless its router flavour is expressions.",
        "Conditions that combine them need Kong 3.15 on every data plane and have 1,024 characters for all blocks together.",
        "A condition compares no IPv6 addresses.",
        "Only the most specific plugin instance runs: a route with its own ip-restriction escapes ours.",
        "Without a database, or under decK or an ingress controller, blocks are handed out as a patch.",
        "Blocks by country, network owner, TLS fingerprint or stored principal cannot be expressed.",
        "Konnect does not tell what a token may write: those permissions are unknown until a block is pushed.",
    ),
)
