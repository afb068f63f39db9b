"""Kong's card: settings, permissions, what its logs can tell and what cannot be done."""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PermissionNeed, PushSettings, SourceField


class ManagedBy(StrEnum):
    """Who writes this Kong's configuration, as far as the customer tells us."""

    ADMIN_API = "admin_api"
    GITOPS = "gitops"


class KongSettings(PushSettings):
    """How to reach one Kong control plane and one workspace of it."""

    admin_url: str = Field(
        title="Admin API address",
        description="Base URL of the Admin API or of the route that protects it, such as https://kong.example.com/admin-api",
    )
    admin_token: SecretStr | None = Field(
        default=None,
        title="Admin token or API key",
        description="RBAC token, or API key of the loopback route. Stored encrypted, never shown.",
    )
    token_header: str = Field(
        default="Kong-Admin-Token",
        title="Header of the token",
        description="Kong-Admin-Token for RBAC, apikey for key-auth in front of the Admin API.",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        json_schema_extra={"advanced": True},
    )
    workspace: str | None = Field(
        default=None,
        title="Workspace",
        description="Enterprise only: the workspace to read. Empty means the default workspace.",
        pattern=r"^[A-Za-z0-9_.~-]{1,128}$",
    )
    managed_by: ManagedBy = Field(
        default=ManagedBy.ADMIN_API,
        title="Configuration is managed by",
        description="gitops: decK or an ingress controller would undo our writes; blocks become a patch.",
        json_schema_extra={"advanced": True},
    )

    @field_validator("admin_url")
    @classmethod
    def _is_base_url(cls, value: str) -> str:
        """Only plain http(s) base URLs: credentials belong into the token field."""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must start with http:// or https:// and name a host")
        if parts.username or parts.password:
            raise ValueError("must not contain a user name or password; use the token field")
        if parts.query or parts.fragment:
            raise ValueError("must not contain a query or fragment")
        return value.rstrip("/")


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
            Capability.RECEIVE_CALLS,
            Capability.CHANGES,
            Capability.ENFORCE,
        }
    ),
    settings=KongSettings,
    summary="Self-hosted Kong 3.x: configuration from the Admin API, calls by http-log, blocks.",
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
    ),
    cannot=(
        "Kong logs no request or response bodies, no TLS fingerprints, no country and no network owner.",
        "Open-source Kong keeps no audit trail: who changed what is known only with Kong Enterprise and audit_log on.",
        "Kong has no counting mode: the count stage is computed by us from Kong's logs and writes nothing.",
        "Open-source Kong cannot combine an address with a path unless its router flavour is expressions.",
        "Only the most specific plugin instance runs: a route with its own ip-restriction escapes ours.",
        "Without a database, or under decK or an ingress controller, blocks are handed out as a patch.",
        "Blocks by country, network owner, TLS fingerprint or stored principal cannot be expressed.",
        "Plugin conditions of Kong Enterprise 3.15 and Konnect are not used.",
    ),
)
