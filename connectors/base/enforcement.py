"""The values of the enforce capability: what we want at a vendor, what is there, and the difference.

``compile`` and ``diff`` are pure; ``read_state`` and ``apply`` speak to the vendor. Only objects that carry
our ownership mark are ever written; everything else is read to check that it stays byte for byte the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connectors.base.intent import Compiled

#: Prefix of every vendor object we create (names, tags, descriptions); nothing without it is ever changed.
OWNERSHIP_PREFIX = "portcullis"


@dataclass(frozen=True, slots=True)
class Target:
    """A place blocks can be pushed to: a web ACL, a Kong workspace. ``kind`` names the vendor object."""

    ref: str
    name: str
    kind: str
    service_refs: tuple[str, ...] = ()  # services (or stages) whose traffic passes it
    note: str = ""  # what it cannot do, in words


@dataclass(frozen=True, slots=True)
class VendorObject:
    """One object at the vendor: ``document`` is what we would write, ``lock`` the vendor's version token."""

    kind: str
    ref: str
    name: str
    document: Mapping[str, Any]
    lock: str | None = None
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Program:
    """The desired objects on one target, and each intent's outcome."""

    target: Target
    objects: tuple[VendorObject, ...]
    outcomes: tuple[Compiled, ...]


@dataclass(frozen=True, slots=True)
class State:
    """Our objects as they are now at the vendor, and a digest of everything that is not ours.

    ``foreign`` holds objects that are not ours but that we must know (a customer's plugin instance that
    shadows ours). ``foreign_digest`` must be equal before and after every push.
    """

    target: Target
    objects: tuple[VendorObject, ...]
    foreign: tuple[VendorObject, ...] = ()
    foreign_digest: str = ""


class ChangeKind(StrEnum):
    """What a change does at the vendor."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One write: ``before`` is None for a creation, ``after`` is None for a deletion."""

    kind: ChangeKind
    object_kind: str
    name: str
    before: VendorObject | None
    after: VendorObject | None


@dataclass(frozen=True, slots=True)
class Diff:
    """Ordered writes that turn a state into a program; empty when nothing is to do."""

    target: Target
    changes: tuple[Change, ...] = ()


#: Called before every write with a sentence; raises ``RefusedError`` when the push may not go on.
Guard = Callable[[Change], None]


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written: the state read back afterwards, the changes made, and the pre-image to undo to."""

    changes: tuple[Change, ...]
    before: State
    after: State
    notes: tuple[str, ...] = field(default=())
