"""How a connection signs in to Google Cloud: with a service account's key, or by federation without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic.config import JsonDict

from connectors.base.errors import SettingsError
from connectors.base.google.federation import FederatedTokens
from connectors.base.google.keys import service_account_key
from connectors.base.google.tokens import TOKEN_URL, KeyTokens, Tokens
from connectors.base.identity import known
from connectors.base.manifest import ConnectorSettings, needed_for

if TYPE_CHECKING:
    from connectors.base.identity import Identity
    from connectors.egress import Egress

_KEY: Final[JsonDict] = {"when": {"sign_in": "key"}}
_FEDERATION: Final[JsonDict] = {"when": {"sign_in": "federation"}}


class GoogleSettings(ConnectorSettings):
    """The service account of a connection, and what proves that we may take it."""

    #: Whether a connection is of no use without signing in, so that what the chosen way needs is required.
    must_sign_in: ClassVar[bool] = True

    sign_in: Literal["key", "federation"] = Field(
        default="key",
        title="Sign in with",
        description="federation: no key leaves your project; Google trusts this connection by name. key: a key file.",
    )
    service_account_key: SecretStr | None = Field(
        default=None,
        title="Service account key",
        description="The whole JSON file of a key. Stored encrypted, never shown again.",
        validate_default=True,
        json_schema_extra=_KEY,
    )
    workload_provider: str = Field(
        default="",
        title="Workload identity provider",
        description="Its full name, with the project's number, as the set-up text prints it.",
        pattern=r"^$|^projects/[0-9]{1,20}/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}$",
        validate_default=True,
        json_schema_extra=_FEDERATION,
    )
    federated_account: str = Field(
        default="",
        title="Service account to take",
        description="The e-mail address of the service account that has our roles.",
        pattern=r"^$|^[a-z0-9][a-z0-9-]{0,62}@[a-z0-9.-]{1,253}$",
        validate_default=True,
        json_schema_extra=_FEDERATION,
    )

    @field_validator("workload_provider", mode="before")
    @classmethod
    def _from_projects_on(cls, value: object) -> object:
        return (
            value.strip().removeprefix("https:").removeprefix("//iam.googleapis.com/")
            if isinstance(value, str)
            else value
        )

    @field_validator("service_account_key", "workload_provider", "federated_account")
    @classmethod
    def _given(cls, value: SecretStr | str | None, info: ValidationInfo) -> SecretStr | str | None:
        way = "key" if info.field_name == "service_account_key" else "federation"
        return needed_for(value, info, sign_in=way) if cls.must_sign_in else value

    @property
    def federated(self) -> bool:
        """Whether there is no key, but a trust in our issuer."""
        return self.sign_in == "federation"

    @property
    def can_sign_in(self) -> bool:
        """Whether everything that the chosen way needs is given."""
        if self.federated:
            return bool(self.workload_provider and self.federated_account)
        return self.service_account_key is not None


def tokens(settings: GoogleSettings, egress: Egress, identity: Identity | None, root: str) -> Tokens:
    """The service account's tokens; ``root`` stands for all of Google's addresses when it is given."""
    if settings.federated and settings.can_sign_in:
        provider, account = settings.workload_provider, settings.federated_account
        return FederatedTokens(known(identity), provider, account, egress, root=root)
    if settings.service_account_key is None or settings.federated:
        raise SettingsError(
            "The connection cannot sign in to Google yet.",
            action="Enter workload identity provider and service account, or a service account key.",
        )
    key = service_account_key(settings.service_account_key.get_secret_value())
    return KeyTokens(key, egress, url=f"{root}/token" if root else TOKEN_URL)
