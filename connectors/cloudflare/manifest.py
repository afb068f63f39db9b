"""Cloudflare's card."""

from __future__ import annotations

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField


class CloudflareSettings(PushSettings):
    """Nothing but the token: Logpush comes to us."""


MANIFEST = Manifest(
    key="cloudflare",
    title="Cloudflare",
    vendor="Cloudflare",
    kind=ConnectorKind.WAF,
    capabilities=frozenset({Capability.RECEIVE_CALLS}),
    settings=CloudflareSettings,
    summary="Receives HTTP requests and firewall events from Logpush, or reads their files.",
    field_matrix=(
        SourceField(
            source="cloudflare.http_requests",
            known=(
                "method", "path", "query", "host", "status", "client_ip", "user_agent", "country", "asn", "ja3", "ja4",
                "latency_ms", "upstream", "upstream_status", "upstream_latency_ms", "request_bytes",
                "response_bytes", "waf_action", "waf_rules", "declared_route", "gateway",
            ),
            unknown=("body", "session", "consumer", "request_content_type"),
            note="Only the fields chosen in the job are known. Headers are there as custom fields of the zone; JA3 and "
            "JA4 need Bot Management; the operation (declared route) needs API Shield.",
        ),
        SourceField(
            source="cloudflare.firewall_events",
            known=(
                "method", "path", "query", "host", "status", "client_ip", "user_agent", "country", "asn", "waf_action",
                "waf_rules",
            ),
            unknown=("headers", "body", "latency_ms", "upstream", "request_bytes", "response_bytes", "principal"),
            note="Only requests that matched a rule. One record per rule: they count as one call with all rules when "
            "they arrive together.",
        ),
    ),
    cannot=(
        "Logpush of these datasets needs an Enterprise plan; other plans can import rows of GraphQL firewallEventsAdaptive.",
        "Logpush does not send again what failed while a job was broken: that time stays unseen.",
        "When both datasets are sent, the record of a request that arrives first is kept: prefer http_requests with "
        "SecurityAction and SecurityRuleIDs.",
        "Encrypted matched payloads are not read, and no log carries bodies.",
        "Cloudflare's configuration is not read, and nothing can be blocked there yet.",
    ),
)  # fmt: skip
