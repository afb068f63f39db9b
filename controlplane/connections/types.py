"""What other apps may hold of a connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connectors.base.model import ConfigSnapshot


class ConnectionStatus(StrEnum):
    """Where a connection stands; *degraded* means that a part of it could not be read."""

    DRAFT = "draft"
    CHECKING = "checking"
    CONNECTED = "connected"
    DEGRADED = "degraded"
    FAILED = "failed"
    DISABLED = "disabled"


class RunKind(StrEnum):
    """What a run reads."""

    CONFIG = "config"
    CALLS = "calls"


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class AccountState(StrEnum):
    """Where an account of an organisation stands.

    *waiting*: we may not read it (yet), so it is not known; *refused*: it would let us in as nobody may be let in;
    *left_out*: its connection was deleted here; *gone*: it left the organisation or is closed.
    """

    CONNECTED = "connected"
    WAITING = "waiting"
    REFUSED = "refused"
    LEFT_OUT = "left_out"
    GONE = "gone"


#: Statuses in which jobs read from the vendor.
LIVE = (
    ConnectionStatus.CONNECTED,
    ConnectionStatus.DEGRADED,
    ConnectionStatus.FAILED,
    ConnectionStatus.CHECKING,
)


@dataclass(frozen=True, slots=True)
class ConnectionRef:
    """A connection by name; ``vendor`` is the manifest's, ``connector`` its key."""

    id: str
    name: str
    connector: str
    vendor: str
    status: str


@dataclass(frozen=True, slots=True)
class ChangeReading:
    """How reading the vendor's audit trail stands.

    ``state``: *unsupported* (the connector reads none), *never* (not read to its end yet), *read*, or *failed*
    (the last read did, for ``error``). ``since``: when it was read to its end first; ``read_at``: last.
    """

    state: str
    since: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    error: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class OrganizationReading:
    """How listing an organisation's accounts stands, and how many are in each state.

    ``state``: *never* (not listed yet), *read*, or *failed* (the last time did, for ``error``).
    """

    state: str
    read_at: datetime | None = None
    failed_at: datetime | None = None
    error: dict[str, str] | None = None
    accounts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A snapshot and the read it came from. ``read_at`` moves when a later read found the same content."""

    id: str
    connection_id: str
    read_at: datetime
    snapshot: ConfigSnapshot

    @property
    def read_id(self) -> str:
        """Names the read: two reads with equal content are still two reads."""
        return f"{self.id}@{self.read_at.isoformat()}"
