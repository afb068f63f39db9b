"""The card of Google Cloud load balancers and Cloud Armor."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Final

from pydantic import Field, field_validator, model_validator

from connectors.base.addresses import web_address
from connectors.base.capabilities import Capability
from connectors.base.google.settings import GoogleSettings
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField
from connectors.cloudarmor.limits import DEFAULT_PRIORITY
from connectors.cloudarmor.permissions import ALL

#: Where Google publishes the keys of its ID tokens.
KEYS: Final = "https://www.googleapis.com/oauth2/v3/certs"


class Logs(StrEnum):
    """How request logs come to us."""

    PUSH = "push"
    PULL = "pull"


class CloudArmorSettings(GoogleSettings, PushSettings):
    """One project: how it is read, where our rules go, and whose pushes are believed."""

    must_sign_in: ClassVar[bool] = False
    project_id: str = Field(
        default="",
        title="Project",
        description="The project's id. Empty: nothing is read or blocked, only pushes are taken.",
        pattern=r"^$|^(?:[a-z0-9.-]{1,63}:)?[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$",
    )
    logs: Logs = Field(
        default=Logs.PUSH,
        title="Request logs",
        description="push: Pub/Sub sends them. pull: they are read from Cloud Logging, up to about 800 a second.",
    )
    log_scope: str = Field(
        default="",
        title="Log scope",
        description="Where logs are read if not in the project: a folder, an organisation, or a log view.",
        pattern=r"^$|^(projects|folders|organizations|billingAccounts)/[A-Za-z0-9:._/-]{1,300}$",
        json_schema_extra={"advanced": True},
    )
    first_priority: int = Field(
        default=100,
        title="First priority of blocks",
        description="Our blocking rules take free priorities from here on. Rules with smaller ones are asked before ours.",
        ge=0,
        le=DEFAULT_PRIORITY - 2,
        json_schema_extra={"advanced": True},
    )
    priorities: int = Field(
        default=400,
        title="Priorities of blocks",
        description="How many priorities are ours from the first one on, and again for rate limits.",
        ge=1,
        le=10_000,
        json_schema_extra={"advanced": True},
    )
    rate_priority: int = Field(
        default=2_000_000_000,
        title="First priority of rate limits",
        description="Behind every rule of yours: a request below a limit is let through and no later rule is asked.",
        ge=0,
        le=DEFAULT_PRIORITY - 2,
        json_schema_extra={"advanced": True},
    )
    enterprise: bool = Field(
        default=False,
        title="Cloud Armor Enterprise",
        description="The project is enrolled: blocked addresses are kept in address groups instead of many rules.",
        json_schema_extra={"advanced": True},
    )
    api_url: str = Field(
        default="",
        title="API address",
        description="Only if a proxy of yours stands in front of all of Google's APIs. Empty: Google's own addresses.",
        max_length=512,
        json_schema_extra={"advanced": True},
    )
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

    @field_validator("api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return web_address(value)

    @model_validator(mode="after")
    def _apart(self) -> CloudArmorSettings:
        ours, rates = (
            range(first, first + self.priorities) for first in (self.first_priority, self.rate_priority)
        )
        if max(ours.start, rates.start) < min(ours.stop, rates.stop):
            raise ValueError("the priorities of blocks and of rate limits must not overlap")
        if rates.stop > DEFAULT_PRIORITY or ours.stop > DEFAULT_PRIORITY:
            raise ValueError(f"priorities end before {DEFAULT_PRIORITY}, the default rule's")
        if ours.start > rates.start:
            raise ValueError(
                "rate limits must come after blocks: they let requests pass that no later rule sees"
            )
        return self


MANIFEST = Manifest(
    key="cloudarmor",
    title="Google Cloud load balancer and Cloud Armor",
    vendor="Google Cloud",
    kind=ConnectorKind.WAF,
    capabilities=frozenset(
        {
            Capability.ACCESS,
            Capability.CONFIG,
            Capability.PULL_CALLS,
            Capability.RECEIVE_CALLS,
            Capability.CHANGES,
            Capability.ENFORCE,
        }
    ),
    settings=CloudArmorSettings,
    permissions=ALL,
    federates=True,
    summary="Load balancers with their routes and Cloud Armor policies, their request and audit logs; blocks as rules.",
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
        "Policies of the organisation and of folders are not read: they need a permission outside of the project.",
        "Routes have no methods or parameters where a URL map matches paths alone; authentication is the backend's.",
        "Cloud Armor knows no consumers and no principals, sees no bodies in its expressions, and no rule ends by itself.",
        "Ten addresses make one rule, and a project has few rules; with Cloud Armor Enterprise address groups are used.",
        "Read by the API, logs come at up to about 800 requests a second; above that, use Pub/Sub.",
        "Pub/Sub pushes one entry per request; a busy load balancer is cheaper to send through a forwarder that batches.",
    ),
)
