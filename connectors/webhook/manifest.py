"""The webhook's card."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, ConnectorSettings, Manifest


class WebhookSettings(ConnectorSettings):
    """Where to post alerts, and the secret they are signed with."""

    url: str = Field(
        title="Address",
        description="Each alert is posted there as JSON. Redirects are not followed.",
        max_length=2048,
    )
    secret: SecretStr | None = Field(
        default=None,
        title="Signing secret",
        description="Made by us. Check the webhook-signature header with it before you trust a message.",
        json_schema_extra={"generated": True},
    )

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        """An http(s) address without credentials in it."""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must start with https:// (or http://) and name a host")
        if parts.username or parts.password:
            raise ValueError("must not contain a user name or password; messages are signed instead")
        return value


MANIFEST = Manifest(
    key="webhook",
    title="Webhook",
    vendor="Webhook",
    kind=ConnectorKind.NOTIFICATION,
    capabilities=frozenset({Capability.NOTIFY}),
    settings=WebhookSettings,
    summary="Alerts as JSON to an address of yours, signed after the Standard Webhooks specification.",
    cannot=(
        "An alert is posted at least once: the same webhook-id can arrive twice.",
        "Alerts to one address are not kept in order while one of them is being retried.",
    ),
)
