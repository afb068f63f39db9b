"""Fastly's card."""

from __future__ import annotations

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField


class FastlySettings(PushSettings):
    """Nothing but the token: log streaming comes to us."""


MANIFEST = Manifest(
    key="fastly",
    title="Fastly",
    vendor="Fastly",
    kind=ConnectorKind.WAF,
    capabilities=frozenset({Capability.RECEIVE_CALLS}),
    settings=FastlySettings,
    summary="Receives requests from log streaming and of the Next-Gen WAF, or reads their files.",
    field_matrix=(
        SourceField(
            source="fastly.log",
            known=(
                "method", "path", "query", "host", "status", "client_ip", "user_agent", "country", "asn", "ja3",
                "latency_ms", "request_bytes", "response_bytes", "upstream", "gateway",
            ),
            unknown=("headers", "body", "principal", "consumer", "session", "upstream_status"),
            note="Only what your log format writes is known; use the format of the set-up text. Lines in Apache's common "
            "format are read as combined access logs.",
        ),
        SourceField(
            source="fastly.ngwaf",
            known=(
                "method", "path", "host", "status", "client_ip", "user_agent", "headers", "country", "latency_ms",
                "response_bytes", "waf_action", "waf_rules",
            ),
            unknown=("body", "principal", "request_bytes", "upstream"),
            note="Only requests that carry a signal, as many as Fastly samples. The agent removes sensitive values.",
        ),
    ),
    cannot=(
        "Fastly wants proof that the address is ours to send to: a proxy has to answer its challenge (set-up text), for we "
        "do not.",
        "The request feed of the Next-Gen WAF is not polled by us yet: a forwarder sends its answers.",
        "A line without an id gets one from its content: two requests with equal lines count once.",
        "Fastly's configuration is not read, and nothing can be blocked there yet.",
    ),
)  # fmt: skip
