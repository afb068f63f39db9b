"""A change somebody made at the vendor, as its audit trail tells: who changed what, when and through what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class AuthorKind(StrEnum):
    """What made a change; *unknown* when the vendor does not say."""

    PERSON = "person"
    SERVICE = "service"  # a role, token or service account that no person signs in with
    VENDOR = "vendor"  # the vendor itself, or its automation
    PORTCULLIS = "portcullis"  # we, by the role or token this connection gave us
    UNKNOWN = "unknown"


class Channel(StrEnum):
    """Through what a change was made; *unknown* when the vendor does not say."""

    CONSOLE = "console"
    API = "api"
    AUTOMATION = "automation"  # infrastructure as code, pipelines, the vendor's own automation
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One entry of a vendor's audit trail that changed (or tried to change) configuration we read.

    ``ref`` is the vendor's event id, or a hash of the entry where it has none: the same entry read twice has
    the same ``ref``. ``object_ref`` is the ``ref`` the object has in a ``ConfigSnapshot`` where it can be told,
    else what the vendor calls it. ``evidence`` is the part of the entry the facts were read from, without
    secrets and without request bodies.
    """

    ref: str
    at: datetime  # aware, UTC
    action: str  # the vendor's own word: UpdateStage, patch, v1.compute.securityPolicies.patchRule …
    object_kind: str
    object_ref: str
    object_name: str = ""
    author: str = ""  # as the vendor names it; empty: it does not say
    author_kind: AuthorKind = AuthorKind.UNKNOWN
    channel: Channel = Channel.UNKNOWN
    source_address: str = ""
    succeeded: bool = True
    evidence: Mapping[str, Any] = field(default_factory=dict)
