"""The card of Google Cloud load balancers and Cloud Armor."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField

#: Where Google publishes the keys of its ID tokens.
KEYS: Final = "https://www.googleapis.com/oauth2/v3/certs"


class CloudArmorSettings(PushSettings):
    """Whose pushes are believed."""

    service_account: str = Field(
        default="",
        title="Service account",
        description="The e-mail of the push subscription's service account. Empty: only pushes with our token are taken.",
        pattern=r"^$|^[^@\s]{1,128}@[A-Za-z0-9.-]{1,253}$",
    )
    audience: str = Field(
        default="",
        title="Audience",
        description="Only if the subscription names an audience of its own. Empty: this connection's ingest address.",
        max_length=512,
        json_schema_extra={"advanced": True},
    )
    keys_url: str = Field(
        default=KEYS,
        title="Google's keys",
        description="Where the public keys of Google's tokens are; another address only in a sovereign cloud.",
        pattern=r"^https?://[^\s@]{1,500}$",
        json_schema_extra={"advanced": True},
    )


MANIFEST = Manifest(
    key="cloudarmor",
    title="Google Cloud load balancer and Cloud Armor",
    vendor="Google Cloud",
    kind=ConnectorKind.WAF,
    capabilities=frozenset({Capability.RECEIVE_CALLS}),
    settings=CloudArmorSettings,
    summary="Load balancer logs with Cloud Armor's decisions, from a Pub/Sub push subscription or as files of a bucket.",
    field_matrix=(
        SourceField(
            source="cloudarmor.requests",
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
            unknown=(
                "headers",
                "body",
                "principal",
                "consumer",
                "session",
                "auth_present",
                "upstream_status",
            ),
            note="Country, AS number, JA3 and JA4 only for requests a security policy saw.",
        ),
    ),
    cannot=(
        "Requests that the backend service's sampling rate leaves out are not seen.",
        "Google logs no headers but the user agent and the referer, and no bodies: who called is not known.",
        "The configuration is not read yet: APIs and routes come from calls alone.",
        "Nothing can be blocked in Cloud Armor yet.",
        "Pub/Sub pushes one entry per request; a busy load balancer is cheaper to send through a forwarder that batches.",
    ),
)
