"""Envoy's card."""

from __future__ import annotations

from typing import Final

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField


class EnvoySettings(PushSettings):
    """Nothing but the token: lines come to us."""


_KNOWN: Final = (
    "method", "path", "query", "host", "status", "latency_ms", "user_agent", "client_ip", "request_bytes", "response_bytes",
    "upstream", "upstream_latency_ms",
)  # fmt: skip

MANIFEST = Manifest(
    key="envoy",
    title="Envoy and Istio",
    vendor="Envoy",
    kind=ConnectorKind.GATEWAY,
    capabilities=frozenset({Capability.RECEIVE_CALLS}),
    settings=EnvoySettings,
    summary="Access logs of Envoy, Istio and what is built on them, as default lines or JSON, pushed by any log shipper.",
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
        "Configuration is not read, and nothing can be blocked.",
    ),
)
