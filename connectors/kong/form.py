"""What a person enters to connect a Kong: self-hosted, by its Admin API, or a control plane in Konnect."""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic.config import JsonDict

from connectors.base.manifest import PushSettings, needed_for


class ReachedBy(StrEnum):
    """Where this Kong's configuration is kept."""

    ADMIN_API = "admin_api"
    KONNECT = "konnect"


class Region(StrEnum):
    """Konnect's geographic regions: each keeps its own control planes."""

    US = "us"
    EU = "eu"
    AU = "au"
    ME = "me"
    IN = "in"
    SG = "sg"


class ManagedBy(StrEnum):
    """Who writes this Kong's configuration, as far as the customer tells us."""

    ADMIN_API = "admin_api"
    GITOPS = "gitops"


_SELF_HOSTED: Final[JsonDict] = {"when": {"reached_by": "admin_api"}}
_KONNECT: Final[JsonDict] = {"when": {"reached_by": "konnect"}}


class KongSettings(PushSettings):
    """How to reach one self-hosted Kong and a workspace of it, or one control plane in Konnect."""

    reached_by: ReachedBy = Field(
        default=ReachedBy.ADMIN_API,
        title="Kind of Kong",
        description="admin_api: self-hosted, through its Admin API. konnect: a control plane in Kong Konnect.",
    )
    admin_url: str = Field(
        default="",
        validate_default=True,
        title="Admin API address",
        description=(
            "Base URL of the Admin API or of the route that protects it, such as "
            "https://kong.example.com/admin-api"
        ),
        json_schema_extra=_SELF_HOSTED,
    )
    admin_token: SecretStr | None = Field(
        default=None,
        validate_default=True,
        title="Token or API key",
        description=(
            "RBAC token, API key of the loopback route, or Konnect access token (kpat_ or spat_). "
            "Stored encrypted, never shown."
        ),
    )
    region: Region = Field(
        default=Region.US,
        title="Konnect region",
        description="The region of the control plane.",
        json_schema_extra=_KONNECT,
    )
    control_plane: str = Field(
        default="",
        validate_default=True,
        title="Control plane",
        description="The control plane's name or id.",
        max_length=256,
        json_schema_extra=_KONNECT,
    )
    pull_requests: bool = Field(
        default=True,
        title="Read requests from Konnect",
        description="Calls are read from Konnect's API requests; no plugin is needed in the gateway.",
        json_schema_extra=_KONNECT,
    )
    token_header: str = Field(
        default="Kong-Admin-Token",
        title="Header of the token",
        description="Kong-Admin-Token for RBAC, apikey for key-auth in front of the Admin API.",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        json_schema_extra={"advanced": True, **_SELF_HOSTED},
    )
    workspace: str | None = Field(
        default=None,
        title="Workspaces",
        description=(
            "Enterprise only: the workspace to read, several separated by commas, or * for all that the token may see. "
            "Empty means the default workspace."
        ),
        pattern=r"^(\*|[A-Za-z0-9_.~-]{1,128}( *, *[A-Za-z0-9_.~-]{1,128}){0,99})$",
        json_schema_extra=_SELF_HOSTED,
    )
    managed_by: ManagedBy = Field(
        default=ManagedBy.ADMIN_API,
        title="Configuration is managed by",
        description="gitops: decK or an ingress controller would undo our writes; blocks become a patch.",
        json_schema_extra={"advanced": True, **_SELF_HOSTED},
    )

    konnect_url: str = Field(
        default="",
        title="Konnect address",
        description="Only if a proxy of yours stands in front of it. Empty: Konnect's address in the region.",
        max_length=512,
        json_schema_extra={"advanced": True, **_KONNECT},
    )

    @property
    def in_konnect(self) -> bool:
        """Whether the configuration is kept in Konnect."""
        return self.reached_by is ReachedBy.KONNECT

    @property
    def all_workspaces(self) -> bool:
        """Whether every workspace is wanted, whatever it is called."""
        return self.workspace == "*"

    @property
    def workspaces(self) -> tuple[str, ...]:
        """The named workspaces, each once; empty for the default one and for all."""
        named = "" if self.all_workspaces else self.workspace or ""
        return tuple(dict.fromkeys(name for part in named.split(",") if (name := part.strip())))

    @property
    def konnect_address(self) -> str:
        """Base URL of the Konnect API."""
        return self.konnect_url or f"https://{self.region.value}.api.konghq.com"

    @field_validator("control_plane", "admin_token")
    @classmethod
    def _given_for_konnect(
        cls, value: str | SecretStr | None, info: ValidationInfo
    ) -> str | SecretStr | None:
        """Konnect has many control planes, and answers nobody without a token."""
        return needed_for(value, info, reached_by=ReachedBy.KONNECT)

    @field_validator("admin_url")
    @classmethod
    def _given_for_self_hosted(cls, value: str, info: ValidationInfo) -> str:
        return needed_for(value, info, reached_by=ReachedBy.ADMIN_API)

    @field_validator("admin_url", "konnect_url")
    @classmethod
    def _is_base_url(cls, value: str) -> str:
        """Only plain http(s) base URLs: credentials belong into the token field."""
        if not value:
            return ""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must start with http:// or https:// and name a host")
        if parts.username or parts.password:
            raise ValueError("must not contain a user name or password; use the token field")
        if parts.query or parts.fragment:
            raise ValueError("must not contain a query or fragment")
        return value.rstrip("/")
