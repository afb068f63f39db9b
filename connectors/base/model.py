"""The neutral configuration model: what any gateway or WAF declares, in one vocabulary.

All objects are frozen and carry ``ref`` (the vendor's own identifier, stable between reads) and, where a
person will want to see it, ``evidence``: the part of the vendor's document the fact was read from,
secrets left out. Nothing here is guessed from traffic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Completeness(StrEnum):
    """How much of a section was read. *unknown* must never be shown as "none"."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


class Exposure(StrEnum):
    """From where a service can be reached, as far as configuration tells."""

    PUBLIC = "public"
    PRIVATE = "private"
    UNKNOWN = "unknown"


class AuthKind(StrEnum):
    """The field's common authentication schemes."""

    NONE = "none"
    API_KEY = "api_key"
    BASIC = "basic"
    JWT = "jwt"
    OAUTH2 = "oauth2"
    OIDC = "oidc"
    IAM = "iam"
    COGNITO = "cognito"
    CUSTOM = "custom"
    HMAC = "hmac"
    MTLS = "mtls"
    LDAP = "ldap"


@dataclass(frozen=True, slots=True)
class Auth:
    """One authentication requirement. ``location`` is header, query, cookie or tls."""

    kind: AuthKind
    location: str = "header"
    optional: bool = False
    source: str = ""  # plugin or authorizer it comes from
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """``limit`` requests per ``window_seconds`` and per ``key`` (ip, consumer, key, api …)."""

    limit: int
    window_seconds: int
    key: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Cors:
    """Cross-origin policy as declared; ``credentials`` is whether they are allowed."""

    origins: tuple[str, ...]
    credentials: bool = False
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter; ``location`` is path, query, header or body."""

    name: str
    location: str
    required: bool = False
    type: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """One declared operation or route. ``methods`` empty means any; ``path`` is a template (``/pets/{id}``)."""

    ref: str
    service_ref: str
    path: str
    methods: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ("https",)
    auth: tuple[Auth, ...] = ()  # empty tuple: declared open
    auth_known: bool = True
    rate_limits: tuple[RateLimit, ...] = ()
    cors: Cors | None = None
    parameters: tuple[Parameter, ...] = ()
    catch_all: bool = False
    prefix: bool = False  # paths below the template belong to it too
    validated: bool | None = None  # a request validator is in force; null: the vendor has none to declare
    upstream_ref: str = ""
    stage_refs: tuple[str, ...] = ()  # stages it is deployed to; empty: all of the service's
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where requests are sent on to. ``kind`` is http, lambda, vpc_link, mock …"""

    ref: str
    url: str
    kind: str = "http"
    tls_verified: bool | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    """A deployed environment of a service: its hosts, base path, logging, throttling and WAF."""

    ref: str
    service_ref: str
    name: str
    base_path: str = ""
    hosts: tuple[str, ...] = ()
    access_log: str | None = None  # destination; "" is "declared off", None "cannot know"
    access_log_format: str | None = None
    throttled: bool | None = None
    waf_ref: str | None = None  # "" is "none attached", None "cannot know"
    tags: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """A group of routes the vendor names as one: an API, a Kong service, an Apigee proxy."""

    ref: str
    name: str
    kind: str  # rest_api, http_api, kong_service …
    protocol: str = "http"
    hosts: tuple[str, ...] = ()
    default_host: str = ""  # vendor-made host (execute-api …) that reaches the service too
    default_host_enabled: bool | None = None
    exposure: Exposure = Exposure.UNKNOWN
    tags: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WafRule:
    """One rule of a WAF policy. ``action`` is allow, block, count, captcha, challenge or none."""

    name: str
    priority: int
    action: str
    kind: str  # managed, rate, ip_set, match, group …
    ours: bool = False
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WafPolicy:
    """A WAF policy: rules in order, default action, what it is attached to and whether it logs."""

    ref: str
    name: str
    default_action: str
    rules: tuple[WafRule, ...] = ()
    attached_to: tuple[str, ...] = ()
    attachments_known: bool = True
    logging: bool | None = None
    log_destinations: tuple[str, ...] = ()
    scope: str = ""
    writable: bool = True  # false when another manager owns it (Firewall Manager …)
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consumer:
    """A caller the gateway knows by name: consumer, app, usage-plan key. Credentials are never read."""

    ref: str
    name: str
    kind: str
    tags: tuple[str, ...] = ()
    service_refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """A fact about the gateway itself (``admin_listen``, version …) that checks may read."""

    ref: str
    name: str
    value: Any
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a read (``routes``, ``waf``) and how much of it is known; ``reason`` says why not all."""

    name: str
    completeness: Completeness
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ConfigSnapshot:
    """Everything one read of a connection's configuration gave, with the completeness of each section."""

    vendor: str
    gateway_ref: str
    gateway_name: str
    services: tuple[Service, ...] = ()
    stages: tuple[Stage, ...] = ()
    routes: tuple[Route, ...] = ()
    upstreams: tuple[Upstream, ...] = ()
    waf_policies: tuple[WafPolicy, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    settings: tuple[Setting, ...] = ()
    sections: tuple[Section, ...] = ()

    def completeness(self, section: str) -> Completeness:
        """How much of ``section`` was read; a section nobody reported is unknown."""
        for entry in self.sections:
            if entry.name == section:
                return entry.completeness
        return Completeness.UNKNOWN
