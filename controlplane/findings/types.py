"""What a check says about one subject, and what others may hold of a finding. No Django: the CLI uses it too."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad a failed check is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


#: Sort key of a severity, worst first.
SEVERITY_RANK: Mapping[str, int] = {severity.value: rank for rank, severity in enumerate(Severity)}


class Verdict(StrEnum):
    """Outcome of a check on one subject; *unknown* is neither safe nor unsafe."""

    FAIL = "fail"
    PASS = "pass"  # noqa: S105 - a verdict
    UNKNOWN = "unknown"


class Status(StrEnum):
    """Where a finding stands. *resolved* and *reopened* are set by the system only."""

    OPEN = "open"
    UNDER_REVIEW = "under_review"
    REMEDIATING = "remediating"
    RISK_ACCEPTED = "risk_accepted"
    FALSE_POSITIVE = "false_positive"
    RESOLVED = "resolved"
    REOPENED = "reopened"


#: Statuses in which a finding still asks for work.
ACTIVE: frozenset[Status] = frozenset({Status.OPEN, Status.UNDER_REVIEW, Status.REMEDIATING, Status.REOPENED})

#: Statuses a person may set.
TRIAGE: frozenset[Status] = frozenset(
    {
        Status.OPEN,
        Status.UNDER_REVIEW,
        Status.REMEDIATING,
        Status.RISK_ACCEPTED,
        Status.FALSE_POSITIVE,
    }
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a result is about. ``kind``: route, stage, service, upstream, waf_policy, gateway, endpoint, connection.

    ``ref`` is stable between reads (the vendor's identifier, or an endpoint's id); ``label`` is for people.
    """

    kind: str
    ref: str
    label: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of proof: an excerpt of a document and where it came from."""

    label: str
    document: Mapping[str, Any]
    source_ref: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """How to repair this subject with one tool: terraform, deck, cli or console."""

    tool: str
    body: str
    language: str = "text"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check's verdict on one subject, with the sentence, the proof and the repair."""

    check: str
    subject: Subject
    verdict: Verdict
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    fix: tuple[Fix, ...] = ()
    endpoint_ids: tuple[str, ...] = ()
    service_id: str = ""

    @property
    def is_blind(self) -> bool:
        """Whether it says that the check could not read all it looks at."""
        return self.verdict is Verdict.UNKNOWN and self.subject.kind == "connection"

    def fingerprint(self, connection_id: str) -> str:
        """The identity that survives re-scans: check, connection and subject, not wording or evidence."""
        parts = (self.check, connection_id, self.subject.kind, self.subject.ref)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CheckCard:
    """A check as the catalogue shows it; ``vendors`` empty means every vendor."""

    id: str
    title: str
    severity: Severity
    why: str
    references: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What one run covered: a connection, the checks that ran, and the read they ran on.

    ``read_id`` names the read: two runs over the same read count as one when clean reads are counted.
    """

    connection_id: str
    checks: tuple[CheckCard, ...]
    read_id: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Reported:
    """How many findings one report opened, reopened, resolved and left as they were."""

    opened: int = 0
    reopened: int = 0
    resolved: int = 0
    unchanged: int = 0
    opened_ids: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Verification:
    """Answer of a re-check: still present, gone, or (None) it could not be told, and why."""

    still_present: bool | None
    sentence: str
    evidence: tuple[Evidence, ...] = ()
