"""nginx's card."""

from __future__ import annotations

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField


class NginxSettings(PushSettings):
    """Nothing but the token: lines come to us."""


MANIFEST = Manifest(
    key="nginx",
    title="nginx (JSON access log)",
    vendor="nginx",
    kind=ConnectorKind.GATEWAY,
    capabilities=frozenset({Capability.RECEIVE_CALLS}),
    settings=NginxSettings,
    summary="Access logs of nginx, OpenResty and ingress-nginx as JSON lines, pushed by any log shipper.",
    field_matrix=(
        SourceField(
            source="nginx.json",
            known=(
                "method",
                "path",
                "query",
                "host",
                "status",
                "client_ip",
                "user_agent",
                "latency_ms",
                "upstream",
                "upstream_status",
                "upstream_latency_ms",
                "request_bytes",
                "response_bytes",
            ),
            unknown=("headers", "response_body", "consumer", "ja3", "ja4", "asn", "waf_action"),
            note="What is known depends on the variables your log_format has. The time is the end of the request.",
        ),
    ),
    cannot=(
        "nginx logs a request when it has ended: times are later than the request's start by its duration.",
        "A log that has only $uri shows decoded and rewritten paths; log $request_uri.",
        "Who called is only known when the log has remote_user, a JWT claim or a client certificate.",
        "Configuration is not read, and nothing can be blocked.",
    ),
)
