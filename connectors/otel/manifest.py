"""OpenTelemetry's card."""

from __future__ import annotations

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField


class OtelSettings(PushSettings):
    """Nothing but the token: spans come to us."""


MANIFEST = Manifest(
    key="otel",
    title="OpenTelemetry",
    vendor="OpenTelemetry",
    kind=ConnectorKind.GATEWAY,
    capabilities=frozenset({Capability.RECEIVE_CALLS}),
    settings=OtelSettings,
    summary="HTTP server spans of any OpenTelemetry SDK or collector, by OTLP over HTTP (protobuf or JSON).",
    field_matrix=(
        SourceField(
            source="otel.spans",
            known=(
                "method",
                "path",
                "query",
                "host",
                "status",
                "latency_ms",
                "client_ip",
                "declared_route",
                "gateway",
            ),
            unknown=(
                "body",
                "response_body",
                "waf_action",
                "ja3",
                "ja4",
                "country",
                "asn",
                "upstream",
                "consumer",
            ),
            note="User agent, sizes, callers and headers only as far as your instrumentation records them.",
        ),
    ),
    cannot=(
        "Sampled traces show a part of the calls: send spans that were not sampled, or all counts are too low.",
        "Only HTTP server spans are read; client, internal, messaging and gRPC spans are taken and left out.",
        "OTLP over gRPC is not received: use OTLP over HTTP.",
        "A service behind a gateway gives a span for the same request again: send the spans of the outermost ones.",
        "Instrumentations may replace values in queries; what they replaced cannot be judged.",
        "In a file a line longer than 1 MiB is set aside: have the collector write batches of at most 500 spans.",
        "Nothing can be blocked through OpenTelemetry.",
    ),
)
