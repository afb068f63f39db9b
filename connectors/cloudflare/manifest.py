"""Cloudflare's card: settings, permissions, what its logs can tell and what it cannot do."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base.addresses import web_address
from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField
from connectors.cloudflare.permissions import READ, WRITE

PUBLIC_API = "https://api.cloudflare.com/client/v4"


class CloudflareSettings(PushSettings):
    """One Cloudflare account. Without a token the connection only receives what Logpush sends."""

    api_token: SecretStr | None = Field(
        default=None,
        title="API token",
        description="Made from the set-up page, owned by the account if possible. Stored encrypted, never shown.",
    )
    account_id: str = Field(
        default="",
        title="Account id",
        description="The 32 characters after dash.cloudflare.com/ in the address of your account's page.",
        pattern=r"^([0-9a-f]{32})?$",
    )
    zones: list[str] = Field(
        default=[],
        title="Zones",
        description="Names of the zones to read and protect. Empty means every zone the token can see.",
    )
    pull_events: bool = Field(
        default=False,
        title="Pull firewall events",
        description="For plans without Logpush: read sampled firewall events by GraphQL every few minutes.",
    )
    bot_management: bool = Field(
        default=False,
        title="Bot Management",
        description="The zones have Enterprise Bot Management, so that rules may look at JA4 fingerprints.",
        json_schema_extra={"advanced": True},
    )
    api_url: str = Field(
        default=PUBLIC_API,
        title="API address",
        description="Only to be changed for a test server or a relay of your own.",
        json_schema_extra={"advanced": True},
    )

    @field_validator("api_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return web_address(value) or PUBLIC_API

    @field_validator("zones")
    @classmethod
    def _are_names(cls, value: list[str]) -> list[str]:
        return sorted({name.strip().lower() for name in value if name.strip()})

    @model_validator(mode="after")
    def _token_and_account(self) -> CloudflareSettings:
        if self.has_token and not self.account_id:
            raise ValueError("An API token needs the account id beside it.")
        return self

    @property
    def has_token(self) -> bool:
        """Whether the API can be asked at all."""
        return self.api_token is not None and bool(self.api_token.get_secret_value())


MANIFEST = Manifest(
    key="cloudflare",
    title="Cloudflare",
    vendor="Cloudflare",
    kind=ConnectorKind.WAF,
    capabilities=frozenset(
        {
            Capability.ACCESS, Capability.CONFIG, Capability.RECEIVE_CALLS, Capability.PULL_CALLS,
            Capability.CHANGES, Capability.ENFORCE,
        }
    ),
    settings=CloudflareSettings,
    permissions=(*READ, *WRITE),
    summary="Zones, rules and API Shield from the API, calls from Logpush or GraphQL, blocks as custom and rate rules.",
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
            "they arrive together. Pulled by GraphQL they are sampled: under load Cloudflare leaves events out, so "
            "counts are too low and must not be read as totals.",
        ),
    ),
    cannot=(
        "Logpush of these datasets needs an Enterprise plan; other plans have sampled firewall events by GraphQL only.",
        "Logpush does not send again what failed while a job was broken: that time stays unseen.",
        "When both datasets are sent, the record of a request that arrives first is kept: prefer http_requests with "
        "SecurityAction and SecurityRuleIDs.",
        "Encrypted matched payloads are not read, and no log carries bodies.",
        "Hosts that are not proxied pass by Cloudflare: they are listed, but neither seen nor protected.",
        "API Shield's operations need a plan with API Shield; without it the routes are unknown, not empty.",
        "What your origin itself demands (keys, logins) is not visible: only JWT validation and client certificates are.",
        "Account-level rulesets, IP access rules, zone lockdowns, page rules and Workers are not read; an account-level "
        "skip rule or an IP access rule that allows can let a request pass before our rules.",
        "Blocks by consumer, principal or body cannot be expressed.",
        "Counting without acting needs an Enterprise plan, placeholders that are a part of a path segment a Business plan, "
        "JA4 fingerprints Bot Management.",
        "Rate limits count in each of Cloudflare's data centres by itself and in the periods of the plan.",
    ),
)  # fmt: skip
