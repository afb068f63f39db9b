"""Akamai's card."""

from __future__ import annotations

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField


class AkamaiSettings(PushSettings):
    """Nothing but the token: streams come to us."""


MANIFEST = Manifest(
    key="akamai",
    title="Akamai",
    vendor="Akamai",
    kind=ConnectorKind.WAF,
    capabilities=frozenset({Capability.RECEIVE_CALLS}),
    settings=AkamaiSettings,
    summary="Receives requests from DataStream 2 and security events of the SIEM API, or reads their files.",
    field_matrix=(
        SourceField(
            source="akamai.datastream",
            known=(
                "method", "path", "query", "host", "status", "client_ip", "user_agent", "country", "latency_ms",
                "response_bytes", "waf_action", "waf_rules",
            ),
            unknown=("headers", "body", "principal", "auth_present", "request_bytes", "ja3", "ja4", "upstream"),
            note="Only the data sets chosen for the stream are known. A query that is not there is unknown.",
        ),
        SourceField(
            source="akamai.siem",
            known=(
                "method", "path", "query", "host", "status", "client_ip", "user_agent", "headers", "country", "asn",
                "waf_action", "waf_rules", "declared_route",
            ),
            unknown=("body", "latency_ms", "principal", "request_bytes", "upstream"),
            note="Only requests that a rule of the security configuration matched.",
        ),
    ),
    cannot=(
        "The SIEM API is not polled by us yet: a forwarder sends its events, or its answers are imported as files.",
        "DataStream samples when the stream says so, and loses what its retries cannot deliver.",
        "No log carries bodies, and DataStream has no headers: who called is not known.",
        "Akamai's configuration is not read, and nothing can be blocked there yet.",
    ),
)  # fmt: skip
