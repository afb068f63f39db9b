"""The card of Apigee X and Apigee hybrid."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from connectors.apigee.permissions import ALL
from connectors.base.addresses import web_address
from connectors.base.capabilities import Capability
from connectors.base.google.settings import GoogleSettings
from connectors.base.manifest import ConnectorKind, Manifest, SourceField, needed_for


class ApigeeSettings(GoogleSettings):
    """One organization of Apigee X, Apigee hybrid or Apigee Edge, and who reads it."""

    sign_in: Literal["key", "federation", "edge"] = Field(  # type: ignore[assignment]  # one way more
        default="key",
        title="Sign in with",
        description="federation: no key leaves your project; Google trusts this connection by name. key: a key file. "
        "edge: Apigee Edge, by a user of its own; it is read and no more.",
    )
    organization: str = Field(
        title="Organization",
        description="The Apigee organization's name.",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,98}[A-Za-z0-9]$",
    )
    edge_url: str = Field(
        default="",
        title="Apigee Edge: address",
        description="https://api.enterprise.apigee.com, or your own "
        "management server, such as https://apigee.example.com:8443.",
        max_length=512,
        validate_default=True,
        json_schema_extra={"when": {"sign_in": "edge"}},
    )
    edge_user: str = Field(
        default="",
        title="Apigee Edge: user",
        description="A machine user who may only read. Empty: the password below is an OAuth access token.",
        pattern=r"^[^:\s]{0,254}$",
        json_schema_extra={"when": {"sign_in": "edge"}},
    )
    edge_secret: SecretStr = Field(
        default=SecretStr(""),
        title="Apigee Edge: password or access token",
        description="Stored encrypted, never shown again. An access token ends after hours.",
        validate_default=True,
        json_schema_extra={"when": {"sign_in": "edge"}},
    )
    project_id: str = Field(
        default="",
        title="Project",
        description="The Google Cloud project of the organization. Empty: it has the organization's name.",
        pattern=r"^$|^(?:[a-z0-9.-]{1,63}:)?[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$",
        json_schema_extra={"advanced": True},
    )
    message_log: str = Field(
        default="",
        title="Message log",
        description="The log in Cloud Logging that your message logging policy writes to. Empty: no calls are pulled.",
        pattern=r"^$|^[A-Za-z0-9._/-]{1,400}$",
    )
    enforcer: Literal["security_actions", "shared_flow", "both"] = Field(
        default="security_actions",
        title="Blocks by",
        description="security_actions: the add-on Advanced API Security. shared_flow: a shared flow of ours before every "
        "proxy, which also knows paths, hosts and headers. both: each environment is two targets. End blocks before you "
        "take one away.",
    )
    combined_conditions: bool = Field(
        default=False,
        title="Hybrid runtime 1.16 or newer",
        description="Only for Apigee hybrid: every runtime knows security actions with two kinds of conditions.",
        json_schema_extra={"advanced": True},
    )
    lint: bool = Field(
        default=False,
        title="Look over proxies with apigeelint",
        description="Runs Google's apigeelint, where it is installed, on each deployed proxy: some two seconds each.",
        json_schema_extra={"advanced": True},
    )
    api_url: str = Field(
        default="",
        title="API address",
        description="Only if a proxy of yours stands in front of all of Google's APIs. Empty: Google's own addresses.",
        max_length=512,
        json_schema_extra={"advanced": True},
    )

    @field_validator("api_url", "edge_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return web_address(value)

    @field_validator("edge_url", "edge_secret")
    @classmethod
    def _edge_given(cls, value: SecretStr | str, info: ValidationInfo) -> SecretStr | str:
        return needed_for(value, info, sign_in="edge")

    @property
    def on_edge(self) -> bool:
        """Whether this is Apigee Edge, which is read and no more."""
        return self.sign_in == "edge"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if not self.on_edge and re.fullmatch(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", self.organization) is None:
            raise ValueError("an organization's name has small letters, digits and hyphens")
        if self.on_edge and (self.message_log or self.enforcer != "security_actions"):
            raise ValueError("Apigee Edge is only read: leave message log and enforcer as they are")
        return self


MANIFEST = Manifest(
    key="apigee",
    title="Apigee",
    vendor="Google Cloud",
    kind=ConnectorKind.GATEWAY,
    capabilities=frozenset(
        {Capability.ACCESS, Capability.CONFIG, Capability.PULL_CALLS, Capability.CHANGES, Capability.ENFORCE}
    ),
    settings=ApigeeSettings,
    permissions=ALL,
    federates=True,
    summary="Deployed proxies with hosts, flows, policies and targets; products and apps; message and audit logs; blocks.",
    field_matrix=(
        SourceField(
            source="apigee.messages",
            known=(
                "method",
                "path",
                "query",
                "status",
                "client_ip",
                "user_agent",
                "latency_ms",
                "consumer",
                "host",
            ),
            unknown=("headers", "body", "ja3", "ja4"),
            note="What is known depends on the flow variables your MessageLogging policy writes.",
        ),
    ),
    cannot=(
        "Apigee writes no log of every call by itself: a message logging policy has to, and it counts as extensible.",
        "Read by the API, logs come at up to about 800 calls a second; what is above that lags behind.",
        "Of Apigee Edge the configuration is read and no more: no blocks, no calls, no audit trail; apps by their name "
        "alone, so which proxies they may call is not known.",
        "Policies in JavaScript, Java or Python are not understood: what they check is not told as authentication.",
        "Conditions on anything but path and method are kept as text; authentication under one is called optional.",
        "Products, developers and apps are read without their keys; key value maps and keystores are not read.",
        "Security actions need Advanced API Security, switched on; it may take ten minutes until one works.",
        "A security action knows whole proxies but no path, host, header or TLS fingerprint, and limits no rate.",
        "It compares whole user agents only, and combines at most two kinds of conditions.",
        "Security actions count by flagging: targets then receive a header more.",
        "The shared flow knows no country, AS number or TLS fingerprint and limits no rate; every request of the "
        "environment waits while its rules are compared.",
        "An environment runs one shared flow before its proxies: where yours is attached, it has to call ours.",
        "Whether an environment group is reachable from the internet is decided by a load balancer, not by Apigee.",
    ),
)
