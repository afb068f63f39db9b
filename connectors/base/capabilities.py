"""What a connector can do: one protocol per capability, one verb each, implemented in one file each.

A vendor's package exposes ``MANIFEST`` and, for each capability it declares there, a class built from its
settings: ``Access(settings, egress)``, ``Config(...)``, ``Calls(...)``, ``Enforce(...)``, ``Notify(...)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.changes import ConfigChange
from connectors.base.enforcement import Applied, Diff, Guard, Program, State, Target
from connectors.base.intent import BlockIntent
from connectors.base.model import ConfigSnapshot
from connectors.base.organization import OrganizationAccount

#: An opaque position in a vendor's log, JSON-serialisable; ``{}`` is "from the beginning of what we may read".
Cursor = Mapping[str, Any]


class Capability(StrEnum):
    """The capabilities a manifest may declare."""

    ACCESS = "access"
    CONFIG = "config"
    PULL_CALLS = "pull_calls"
    RECEIVE_CALLS = "receive_calls"
    CHANGES = "changes"
    ORGANIZATION = "organization"
    ENFORCE = "enforce"
    NOTIFY = "notify"


class Grant(StrEnum):
    """Outcome of testing one permission; *unknown* is neither yes nor no."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Permission:
    """One tested permission: the vendor's action, what we need it for, the outcome and the fix if denied.

    A ``proof`` is no permission but a try that must fail: *denied* says that the vendor lets others in too, and
    ``detail`` whom, as a sentence that stands by itself.
    """

    action: str
    purpose: str
    access: str  # read | write
    grant: Grant
    detail: str = ""
    fix: str = ""
    proof: bool = False


class AccessCheck(Protocol):
    """Test what the connection may do, permission by permission."""

    def check(self) -> list[Permission]:
        """Every permission we need, each granted, denied or unknown; raises only ``ConnectorError``."""
        ...


class ConfigReader(Protocol):
    """Read the declared configuration."""

    def read_config(self) -> ConfigSnapshot:
        """A whole snapshot; a section that could not be read is *unknown* with its reason, never empty."""
        ...


class CallReader(Protocol):
    """Pull calls from a vendor's logs, loss-free and restartable."""

    def read_calls(
        self, cursor: Cursor, snapshot: ConfigSnapshot | None
    ) -> Iterator[tuple[RawBatch, Cursor]]:
        """Batches in order, each with the cursor that is true once the batch is stored."""
        ...


class CallReceiver(Protocol):
    """Receive calls a vendor pushes to us."""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> RawBatch:
        """The pushed body as records; raises ``VendorAnswerError`` when it is none of the known shapes."""
        ...


class CallNormaliser(Protocol):
    """Turn raw records into neutral calls."""

    def normalise(self, batch: RawBatch) -> CallBatch:
        """Never raises for a bad record: it is quarantined with its reason."""
        ...


class ChangeReader(Protocol):
    """Read the vendor's audit trail, loss-free and restartable."""

    def read_changes(self, cursor: Cursor) -> Iterator[tuple[tuple[ConfigChange, ...], Cursor]]:
        """Changes of what we read, oldest first, each page with the cursor that is true once it is stored."""
        ...


class OrganizationReader(Protocol):
    """Find an organisation's accounts, each of which is then a connection of its own.

    A connector with this capability has a boolean setting ``organization``: whether a connection is the organisation's.
    """

    def accounts(self) -> Sequence[OrganizationAccount]:
        """Every account, to the last page. Raises ``ConnectorError``: an organisation half read is not read."""
        ...

    def account_of(self, settings: Mapping[str, Any]) -> str:
        """Pure: the account that a connection with these settings reads; "" when they do not say."""
        ...

    def settings_of(self, account: OrganizationAccount) -> Mapping[str, Any]:
        """Pure: the settings of the account's own connection, without those we make (they are this connection's)."""
        ...

    def admit(self, account: OrganizationAccount) -> None:
        """Prove that we may read the account, and only as we must. Raises ``ConnectorError`` with the reason if not."""
        ...


class Enforcer(Protocol):
    """Compile block intents and bring a vendor's state to what they say."""

    def targets(self, snapshot: ConfigSnapshot) -> Sequence[Target]:
        """The places blocks can be pushed to in this connection."""
        ...

    def compile(self, intents: Sequence[BlockIntent], target: Target, state: State) -> Program:
        """Pure: the desired objects and, per intent, exact / approximated / refused with the coverage."""
        ...

    def read_state(self, target: Target) -> State:
        """Our objects at the vendor now, and a digest of all others."""
        ...

    def diff(self, program: Program, state: State) -> Diff:
        """Pure: the ordered writes that turn ``state`` into ``program``."""
        ...

    def apply(self, diff: Diff, guard: Guard) -> Applied:
        """Write under the vendor's lock, then read back. Raises ``ConflictError`` when the state moved."""
        ...

    def restore(self, pre_image: State, guard: Guard) -> Applied:
        """Bring our objects back to ``pre_image`` exactly (undo); foreign objects stay untouched."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """An alert to deliver: plain text first; ``payload`` is the machine-readable form."""

    id: str
    subject: str
    text: str
    url: str
    severity: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message: accepted by the other side, with its identifier when it gave one."""

    accepted: bool
    detail: str
    remote_id: str = ""


class Notifier(Protocol):
    """Deliver an alert."""

    def send(self, message: Message) -> Delivery:
        """Deliver once; raises ``TransientError`` when worth trying again, ``SettingsError`` when not."""
        ...
