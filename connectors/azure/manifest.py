"""The card of Azure Front Door, Application Gateway and API Management."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.azure.permissions import READ, WRITE
from connectors.base.addresses import web_address
from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField


class AzureSettings(PushSettings):
    """An Entra application and the subscriptions it may read; without them records are only received."""

    tenant_id: str = Field(
        default="",
        title="Directory (tenant) id",
        description="Of the Entra tenant that owns the subscriptions.",
    )
    client_id: str = Field(
        default="",
        title="Application (client) id",
        description="Of the app registration made for Portcullis.",
    )
    sign_in: Literal["secret", "federation"] = Field(
        default="secret",
        title="Sign in with",
        description="federation: no secret leaves your tenant; Entra trusts this connection by name. secret: a stored one.",
    )
    client_secret: SecretStr | None = Field(
        default=None,
        title="Client secret",
        description="Its secret value. Stored encrypted, never shown again.",
        json_schema_extra={"when": {"sign_in": "secret"}},
    )
    subscriptions: list[str] = Field(
        default_factory=list,
        title="Subscriptions",
        description="Ids of the subscriptions to read; Enter after each.",
    )
    workspace_id: str = Field(
        default="",
        title="Log Analytics workspace id",
        description="Where the diagnostic settings send access and firewall logs. Empty: logs are not pulled.",
    )
    behind_proxy: bool = Field(
        default=False,
        title="Front Door is behind another proxy",
        description="Blocks then compare the client address of X-Forwarded-For, which clients can forge, not the peer's.",
        json_schema_extra={"advanced": True},
    )
    login_url: str = Field(
        default="https://login.microsoftonline.com",
        title="Sign-in address",
        description="Another one in national clouds.",
        json_schema_extra={"advanced": True},
    )
    management_url: str = Field(
        default="https://management.azure.com",
        title="Resource Manager address",
        description="Another one in national clouds.",
        json_schema_extra={"advanced": True},
    )
    logs_url: str = Field(
        default="https://api.loganalytics.io",
        title="Log Analytics address",
        description="Another one in national clouds.",
        json_schema_extra={"advanced": True},
    )

    @field_validator("login_url", "management_url", "logs_url")
    @classmethod
    def _is_base_url(cls, value: str) -> str:
        return web_address(value)

    @field_validator("tenant_id", "client_id", "workspace_id")
    @classmethod
    def _is_id(cls, value: str) -> str:
        return _identifier(value) if value else ""

    @field_validator("subscriptions")
    @classmethod
    def _are_ids(cls, values: list[str]) -> list[str]:
        return [_identifier(value) for value in dict.fromkeys(values)]

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        given: list[object] = [self.tenant_id, self.client_id, self.subscriptions]
        if not self.federated:
            given.append(self.client_secret)
        if any(given) and not all(given):
            secret = "" if self.federated else ", client secret"
            raise ValueError(f"give tenant id, client id{secret} and subscriptions together, or none of them")
        return self

    @property
    def federated(self) -> bool:
        """Whether there is no secret, but a trust in our issuer."""
        return self.sign_in == "federation"

    @property
    def connected(self) -> bool:
        """Whether Azure can be asked at all."""
        return bool(self.tenant_id)


def _identifier(value: str) -> str:
    parts = value.strip().lower()
    if [len(part) for part in parts.split("-")] != [8, 4, 4, 4, 12] or set(parts) - set("0123456789abcdef-"):
        raise ValueError("must be an id such as 00000000-0000-0000-0000-000000000000")
    return parts


MANIFEST = Manifest(
    key="azure",
    title="Azure Front Door, Application Gateway and API Management",
    vendor="Azure",
    kind=ConnectorKind.WAF,
    capabilities=frozenset(
        {
            Capability.ACCESS,
            Capability.CONFIG,
            Capability.CHANGES,
            Capability.PULL_CALLS,
            Capability.RECEIVE_CALLS,
            Capability.ENFORCE,
        }
    ),
    settings=AzureSettings,
    summary="Routes and WAF policies of Front Door and Application Gateway, APIs of API Management, their logs, blocks.",
    permissions=(*READ, *WRITE),
    federates=True,
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
        "Event Hub is not read by its own protocol (AMQP): a Function or Logic App has to forward its messages.",
        "Storage accounts are read by a connection of their own (log files in object storage).",
        "Firewall records are put together with access records only when both come in one push, pull or file part.",
        "Azure logs no headers but the user agent and the referer, and no bodies: who called is not known.",
        "Front Door's client address can come from X-Forwarded-For; it is marked so when the connection was another's.",
        "Policies of API Management's products, policy fragments and expressions are not read, its own logs neither.",
        "Front Door (classic), rule sets, and rewrite rules of gateways are not read.",
        "Blocks by consumer, principal, network owner or TLS fingerprint cannot be expressed.",
        "Challenges exist only on Front Door Premium, rate limits only per one or five minutes.",
        "Azure has no lock on a policy: a change made by others within the moment of our write could be overwritten.",
        "Blocks take minutes to reach every edge location and gateway.",
    ),
)
