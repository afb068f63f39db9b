"""Documents of the inventory API, as OpenAPI describes them; the serializers in ``api.py`` write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict


class NameRef(TypedDict):
    """Another thing, by id and name."""

    id: str
    name: str


class Facts(TypedDict):
    """What is known from where: configuration, specification, traffic, code; null where nobody looked."""

    config: bool | None
    spec: bool | None
    traffic: bool | None
    code: bool | None


class AuthObserved(TypedDict):
    """Calls by what they carried."""

    authenticated: int
    anonymous: int
    anonymous_success: int
    unknown: int


class EndpointDocument(TypedDict):
    """An endpoint as lists show it."""

    id: str
    method: str
    host: str
    template: str
    service: NameRef | None
    connection_id: str
    state: str
    states_why: list[str]
    facts: Facts
    auth_declared: list[str]
    auth_observed: AuthObserved
    auth_verdict: str
    data_classes: list[str]
    exposure: str
    risk: int
    findings_open: int
    calls: int
    calls_24h: int
    error_rate: float | None
    first_seen: datetime | None
    last_seen: datetime | None


class RouteDocument(TypedDict):
    """A declaration of the endpoint in one connection."""

    connection_id: str
    ref: str
    stage: str
    source: str
    upstream: str
    auth: list[dict[str, Any]]
    evidence: dict[str, Any]
    read_at: datetime


class HistoryEntry(TypedDict):
    """Something that changed."""

    at: datetime
    kind: str
    detail: str


class EndpointDetailDocument(EndpointDocument):
    """One endpoint with everything known of it."""

    risk_parts: list[dict[str, Any]]
    replaced_by: str | None
    parameters: list[dict[str, Any]]
    routes: list[RouteDocument]
    rate_limits: list[dict[str, Any]]
    waf: dict[str, Any]
    callers: list[dict[str, Any]]
    history: list[HistoryEntry]


class ServiceDocument(TypedDict):
    """A service as lists show it."""

    id: str
    name: str
    kind: str
    connection_id: str
    vendor: str
    exposure: str
    hosts: list[str]
    tags: dict[str, Any]
    findings_open: int
    endpoint_count: int
    calls_24h: int
    why: list[str]
