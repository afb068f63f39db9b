"""Documents of the connections API, as OpenAPI describes them; the serializers in ``serializers.py`` write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypedDict


class Need(TypedDict):
    """A permission a connector asks for."""

    action: str
    purpose: str
    access: str


class ConnectorDocument(TypedDict):
    """A connector's card; ``settings_schema`` is a JSON Schema."""

    key: str
    title: str
    vendor: str
    kind: str
    summary: str
    capabilities: list[str]
    cannot: list[str]
    settings_schema: dict[str, Any]
    permissions: list[Need]
    field_matrix: list[dict[str, Any]]


class Counts(TypedDict):
    """What the connection contributes; null while nothing of its configuration could be read."""

    services: int | None
    endpoints: int | None


class Health(TypedDict):
    """How it is doing, in one word and one sentence."""

    state: Literal["ok", "warning", "error", "pending", "off"]
    sentence: str


class ConnectionDocument(TypedDict):
    """A connection as lists show it."""

    id: str
    name: str
    connector: str
    vendor: str
    status: Literal["draft", "checking", "connected", "degraded", "failed", "disabled"]
    status_reason: str
    created_at: datetime
    last_sync_at: datetime | None
    last_verified_at: datetime | None
    counts: Counts
    can_block: bool
    health: Health


class Granted(Need):
    """A permission and whether the vendor grants it."""

    grant: str
    detail: str
    fix: str


class SectionDocument(TypedDict):
    """How much of one part of the configuration was read."""

    name: str
    completeness: Literal["complete", "partial", "unknown"]
    reason: str


class TargetDocument(TypedDict):
    """A place blocks can be pushed to."""

    ref: str
    name: str
    kind: str
    note: str


class ChangeReadingDocument(TypedDict):
    """How reading the vendor's audit trail stands; *unsupported*: this connector reads none."""

    state: Literal["unsupported", "never", "read", "failed"]
    since: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    error: dict[str, Any] | None


class OrganizationReadingDocument(TypedDict):
    """How listing the organisation's accounts stands; ``accounts`` counts them by state."""

    state: Literal["never", "read", "failed"]
    read_at: datetime | None
    failed_at: datetime | None
    error: dict[str, Any] | None
    accounts: dict[str, int]


class ConnectionDetailDocument(ConnectionDocument):
    """One connection with settings, permissions, sections and targets; secrets only as set or not."""

    settings: dict[str, Any]
    runner: str | None  # id of the runner its requests go through; null: they are sent by us
    error: dict[str, Any] | None
    permissions: list[Granted]
    permissions_checked_at: datetime | None
    sections: list[SectionDocument]
    targets: list[TargetDocument]
    changes: ChangeReadingDocument
    organization: OrganizationReadingDocument | None  # null: it reads one account


class Progress(TypedDict):
    """Progress in real counts."""

    step: str
    done: int
    total: int | None


class RunDocument(TypedDict):
    """One reading of the configuration or of calls."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed"]
    progress: Progress
    started_at: datetime | None
    finished_at: datetime | None
    counts: dict[str, Any]
    error: dict[str, Any] | None


class ChangeDocument(TypedDict):
    """A change at the vendor; ``object_ref`` is the object's in the configuration read, where that can be told."""

    id: str
    at: datetime
    action: str
    object_kind: str
    object_ref: str
    object_name: str
    author: str
    author_kind: Literal["person", "service", "vendor", "portcullis", "unknown"]
    channel: Literal["console", "api", "automation", "unknown"]
    source_address: str
    succeeded: bool
    evidence: dict[str, Any]


class OwnConnection(TypedDict):
    """The connection an account is read through."""

    id: str
    name: str
    status: Literal["draft", "checking", "connected", "degraded", "failed", "disabled"]


class AccountDocument(TypedDict):
    """An account of an organisation; *waiting*: it cannot be read (yet) for ``reason``, so nothing is known of it."""

    id: str
    ref: str
    name: str
    state: Literal["connected", "waiting", "refused", "left_out", "gone"]
    reason: str
    connection: OwnConnection | None
    checked_at: datetime | None
