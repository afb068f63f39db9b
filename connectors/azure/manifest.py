"""The card of Azure Front Door and Application Gateway."""

from __future__ import annotations

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField


class AzureSettings(PushSettings):
    """Nothing but the token: records come to us."""


MANIFEST = Manifest(
    key="azure",
    title="Azure Front Door and Application Gateway",
    vendor="Azure",
    kind=ConnectorKind.WAF,
    capabilities=frozenset({Capability.RECEIVE_CALLS}),
    settings=AzureSettings,
    summary="Access and firewall logs of Front Door and Application Gateway, forwarded from Event Hub or as files.",
    field_matrix=(
        SourceField(
            source="azure.edge",
            known=(
                "method",
                "path",
                "query",
                "host",
                "status",
                "client_ip",
                "user_agent",
                "latency_ms",
                "request_bytes",
                "response_bytes",
                "upstream",
                "gateway",
                "waf_action",
                "waf_rules",
            ),
            unknown=("headers", "body", "principal", "consumer", "session", "auth_present", "ja3", "asn"),
            note="A firewall record without its access record has no method and no status. Gateways v1 log no query.",
        ),
    ),
    cannot=(
        "Event Hub is not read by its own protocol (AMQP) yet: a Function or Logic App has to forward its messages.",
        "Storage accounts are read by a connection of their own (log files in object storage). "
        "Log Analytics is not read yet.",
        "Firewall records are put together with access records only when both come in one push or file part.",
        "Azure logs no headers but the user agent and the referer, and no bodies: who called is not known.",
        "Front Door's client address can come from X-Forwarded-For; it is marked so when the connection was another's.",
        "Nothing can be blocked in Azure yet, and its configuration is not read.",
    ),
)
