"""The life cycle of a finding as a pure function of what was read. Time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from controlplane.findings.types import Status, Verdict

#: Clean reads in a row, on different reads of the configuration, that resolve a finding.
CLEAN_READS_TO_RESOLVE = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """What the life cycle remembers of a finding."""

    status: Status
    clean_reads: int = 0
    last_read_id: str = ""
    accepted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """The next standing and, when the status changed, the sentence for the history."""

    standing: Standing
    note: str = ""


def after_read(standing: Standing, verdict: Verdict, read_id: str, now: datetime) -> Move:
    """What one read makes of a finding.

    A failure reopens a resolved finding and ends an acceptance that ran out; an unknown changes nothing; the
    second pass on a *different* read resolves. A false positive stays what a person said it is.
    """
    if verdict is Verdict.UNKNOWN:
        return expire(standing, now)
    if verdict is Verdict.FAIL:
        failed = replace(standing, clean_reads=0, last_read_id=read_id)
        if standing.status is Status.RESOLVED:
            return Move(
                replace(failed, status=Status.REOPENED),
                "It is there again: the check fails on the latest read.",
            )
        return expire(failed, now)
    if standing.status in {Status.RESOLVED, Status.FALSE_POSITIVE} or standing.last_read_id == read_id:
        return expire(standing, now)
    clean = replace(standing, clean_reads=standing.clean_reads + 1, last_read_id=read_id)
    if clean.clean_reads >= CLEAN_READS_TO_RESOLVE:
        resolved = replace(clean, status=Status.RESOLVED, accepted_until=None)
        return Move(resolved, f"Resolved: clean on {CLEAN_READS_TO_RESOLVE} reads in a row.")
    return expire(clean, now)


def expire(standing: Standing, now: datetime) -> Move:
    """End an acceptance whose time ran out: the finding is open again."""
    due = standing.accepted_until
    if standing.status is Status.RISK_ACCEPTED and due is not None and due <= now:
        opened = replace(standing, status=Status.OPEN, accepted_until=None)
        return Move(opened, "The accepted risk ran out; the finding is open again.")
    return Move(standing)
