"""The manifest: what a connector is, what it can do and what it needs, as data.

Forms, docs, API validation and the least-privilege policy texts are generated from it. Connectors are found
by folder (``connectors.base.registry``); nothing central lists them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from connectors.base.capabilities import Capability

T = TypeVar("T")


class ConnectorKind(StrEnum):
    """What kind of system a connector speaks to."""

    GATEWAY = "gateway"
    WAF = "waf"
    FILE = "file"
    STORAGE = "storage"
    NOTIFICATION = "notification"


class ConnectorSettings(BaseModel):
    """Base of every connector's settings.

    Each field has a title and a description for the form; secrets are ``pydantic.SecretStr``; a field set by
    us and never by a user carries ``json_schema_extra={"generated": True}``, one that is only for a choice of another
    field ``{"when": {field: choice}}``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def needed_for(value: T, info: ValidationInfo, **choice: object) -> T:
    """The value of a field that is needed where this choice of other, earlier fields is made.

    For validators of fields with ``validate_default``; empty there, the field is *missing*, as a required one is.
    """
    if not value and all(info.data.get(name) == wanted for name, wanted in choice.items()):
        raise PydanticCustomError("missing", "Field required")
    return value


class PushSettings(ConnectorSettings):
    """Base of the settings of connectors whose vendor pushes to us."""

    ingest_token: SecretStr | None = Field(
        default=None,
        title="Ingest token",
        description="Made by us: the sender shows it with every push, where the set-up text puts it.",
        json_schema_extra={"generated": True},
    )


@dataclass(frozen=True, slots=True)
class PermissionNeed:
    """One permission asked for: the vendor's action, its resources, and why in plain words."""

    action: str
    purpose: str
    resources: tuple[str, ...] = ("*",)
    access: str = "read"  # read | write


@dataclass(frozen=True, slots=True)
class SetupText:
    """One way to grant access (a tab of the wizard): text to copy and/or a link, placeholders filled."""

    title: str
    body: str
    language: str = "text"  # terraform, yaml, bash, json …
    link: str = ""
    access: str = "read"


@dataclass(frozen=True, slots=True)
class SourceField:
    """One row of the field matrix: what a log source can tell about a call, in words."""

    source: str
    known: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A connector's card. ``key`` is its folder name; ``setup`` makes the wizard's tabs from settings."""

    key: str
    title: str
    vendor: str
    kind: ConnectorKind
    capabilities: frozenset[Capability]
    settings: type[ConnectorSettings]
    permissions: tuple[PermissionNeed, ...] = ()
    field_matrix: tuple[SourceField, ...] = ()
    summary: str = ""
    cannot: Sequence[str] = ()  # what it cannot see or express, each a sentence
    labels: Mapping[str, str] = field(default_factory=dict)
    #: Its classes take an ``identity`` (``connectors.base.identity``) as third argument: it can sign in without a secret.
    federates: bool = False
