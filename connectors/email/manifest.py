"""The mail connector's card."""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, ConnectorSettings, Manifest
from connectors.egress.smtp import Security

_ADDRESS: Final = re.compile(
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$"
)


class EmailSettings(ConnectorSettings):
    """A mail server, the sender and the recipients."""

    host: str = Field(
        title="Mail server", description="Host name of the SMTP server.", pattern=r"^[A-Za-z0-9.:-]{1,253}$"
    )
    port: int = Field(default=587, title="Port", description="587 for STARTTLS, 465 for TLS.", ge=1, le=65535)
    security: Security = Field(
        default=Security.STARTTLS, title="Encryption", description="A login needs STARTTLS or TLS."
    )
    username: str = Field(
        default="", title="User name", description="Empty when the server asks for no login."
    )
    password: SecretStr | None = Field(
        default=None, title="Password", description="Stored encrypted, never shown again."
    )
    sender: str = Field(title="From", description="Address alerts come from, such as alerts@example.com.")
    to: tuple[str, ...] = Field(title="To", description="Up to 20 addresses.", min_length=1, max_length=20)

    @field_validator("sender")
    @classmethod
    def _sender_is_address(cls, value: str) -> str:
        return _address(value)

    @field_validator("to")
    @classmethod
    def _recipients_are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_address(entry) for entry in value))

    @model_validator(mode="after")
    def _login_is_encrypted(self) -> EmailSettings:
        """A password may not travel in clear."""
        if self.password is not None and self.security is Security.NONE:
            raise ValueError("a password needs STARTTLS or TLS")
        return self


def _address(value: str) -> str:
    """A plain mail address: no display name, no line breaks."""
    if not _ADDRESS.fullmatch(value):
        raise ValueError("is no mail address such as alerts@example.com")  # unquoted: it may be a password
    return value


MANIFEST = Manifest(
    key="email",
    title="Email",
    vendor="SMTP",
    kind=ConnectorKind.NOTIFICATION,
    capabilities=frozenset({Capability.NOTIFY}),
    settings=EmailSettings,
    summary="Alerts by mail through your own SMTP server, as plain text with a simple HTML part.",
    cannot=(
        "Mail tells only that your server accepted a message, not that somebody received it.",
        "Messages are neither signed nor encrypted end to end.",
    ),
)
