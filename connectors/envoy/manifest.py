"""Envoy's card."""

from __future__ import annotations

from typing import Final

from pydantic import Field, field_validator

from connectors.base.addresses import web_address
from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PermissionNeed, PushSettings, SourceField

#: What is asked of the admin interface, by what it is for. ``/config_dump`` as a whole would hold secrets' names.
RESOURCES: Final = {
    "static_listeners": "listeners, their filters and access logs",
    "dynamic_listeners": "listeners from a control plane",
    "static_route_configs": "routes",
    "dynamic_route_configs": "routes from a control plane",
    "static_clusters": "where requests are sent on to",
    "dynamic_active_clusters": "the same, from a control plane",
}


class EnvoySettings(PushSettings):
    """Where the admin interface is; lines come to us."""

    admin_url: str = Field(
        default="",
        title="Admin address",
        description="Of one Envoy's admin interface, best through a runner. Empty: only pushed lines are taken.",
    )

    @field_validator("admin_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return web_address(value)


_KNOWN: Final = (
    "method", "path", "query", "host", "status", "latency_ms", "user_agent", "client_ip", "request_bytes", "response_bytes",
    "upstream", "upstream_latency_ms",
)  # fmt: skip

MANIFEST = Manifest(
    key="envoy",
    title="Envoy and Istio",
    vendor="Envoy",
    kind=ConnectorKind.GATEWAY,
    capabilities=frozenset({Capability.ACCESS, Capability.CONFIG, Capability.RECEIVE_CALLS}),
    settings=EnvoySettings,
    permissions=(
        PermissionNeed("GET /server_info", "version and name of the node"),
        *(
            PermissionNeed(f"GET /config_dump?resource={name}", purpose)
            for name, purpose in RESOURCES.items()
        ),
    ),
    summary="Routes from the admin interface of Envoy, Istio and what is built on them; access logs by any log shipper.",
    field_matrix=(
        SourceField(
            source="envoy.json",
            known=(*_KNOWN, "declared_route", "waf_action"),
            unknown=("headers", "body", "consumer", "country", "asn"),
            note="What is known depends on the keys your log has. Istio's default has all of these.",
        ),
        SourceField(
            source="envoy.text",
            known=_KNOWN,
            unknown=(
                "headers",
                "body",
                "consumer",
                "principal",
                "auth_present",
                "country",
                "asn",
                "ja3",
                "ja4",
            ),
            note="Envoy's own line knows the client only from X-Forwarded-For, and no reason of a refusal.",
        ),
    ),
    cannot=(
        "Formats that you wrote yourself as text are not read: log JSON.",
        "A header value with quotes breaks a text line, because Envoy does not escape it; the line is set aside.",
        "A sidecar sees the request once more than the gateway: send the logs of one of them.",
        "Headers and bodies are not logged by default: who called is only known when a key says it.",
        "Nothing can be blocked: Envoy's configuration belongs to its control plane.",
        "One Envoy is read, as it is configured now: all replicas of a gateway have the same routes, sidecars have others.",
        "Routes chosen by headers other than the method, by query or by weight are told without that condition.",
        "Filters in Lua, WebAssembly and external processing may check who calls; they are named, not understood.",
    ),
)
