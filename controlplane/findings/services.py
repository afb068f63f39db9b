"""The only writers of findings: reports of checks, triage by people, and acceptances that run out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction

from controlplane.findings.lifecycle import Standing, after_read, expire
from controlplane.findings.models import Finding, FindingHistory
from controlplane.findings.types import (
    ACTIVE,
    SEVERITY_RANK,
    TRIAGE,
    CheckCard,
    CheckResult,
    Evidence,
    Fix,
    Reported,
    Scope,
    Status,
    Verdict,
)
from tenants.audit.services import record
from tenants.errors import Invalid, NotFound
from tenants.isolation.context import require_tenant
from tenants.jobs.events import emit

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('findings'), hashtext(%s))"
_READ_FIELDS = [
    "title", "why", "references", "severity", "severity_rank", "status", "accepted_until", "subject_label",
    "service_id", "endpoint_ids", "sentence", "evidence", "fix", "last_seen", "clean_reads", "last_read_id",
]  # fmt: skip


def report(results: Sequence[CheckResult], scope: Scope) -> Reported:
    """Open, update, resolve and reopen the findings of one run of checks. One transaction.

    A failed result opens a finding; an unknown one changes nothing. A finding of a check that ran whose subject
    is in no result counts as clean when the check could read everything, and as unknown otherwise.
    """
    cards = {card.id: card for card in scope.checks}
    with transaction.atomic():
        _one_report_at_a_time(scope.connection_id)
        known = {
            row.fingerprint: row
            for row in Finding.objects.filter(connection_id=scope.connection_id, check_id__in=cards)
        }
        told = {
            result.fingerprint(scope.connection_id): result for result in results if result.check in cards
        }
        blind = {result.check for result in results if result.is_blind}
        moved: list[tuple[Finding, str]] = []
        changed: list[Finding] = []
        for fingerprint, row in known.items():
            before = _values(row)
            note = _read(row, told.get(fingerprint), scope, cards[row.check_id], row.check_id in blind)
            if _values(row) != before:
                changed.append(row)
            if note:
                moved.append((row, note))
        fresh = [
            _opened(result, fingerprint, scope, cards[result.check])
            for fingerprint, result in told.items()
            if result.verdict is Verdict.FAIL and fingerprint not in known
        ]
        Finding.objects.bulk_update(changed, _READ_FIELDS, batch_size=500)
        Finding.objects.bulk_create(fresh, batch_size=500)
        _note([*moved, *((row, "Opened: the check failed.") for row in fresh)], scope.read_at)
    return _counted(fresh, moved, len(known))


@transaction.atomic
def triage(
    finding_id: str, status: Status, reason: str, expires_at: datetime | None, author: str, now: datetime
) -> Finding:
    """Set what a person decided. *resolved* and *reopened* are set by reads only.

    A risk is accepted with a reason and until a time to come; a false positive needs a reason.
    """
    row = Finding.objects.select_for_update().filter(pk=finding_id).first()
    if row is None:
        raise NotFound("finding-not-found", "There is no such finding.")
    _check_triage(status, reason, expires_at, now)
    before = {"status": row.status, "reason": row.status_reason}
    row.status, row.status_reason = status, reason.strip()
    row.accepted_until = expires_at if status is Status.RISK_ACCEPTED else None
    row.clean_reads = 0
    row.save(update_fields=["status", "status_reason", "accepted_until", "clean_reads"])
    words = status.value.replace("_", " ")
    sentence = f"Set to {words}: {row.status_reason}" if row.status_reason else f"Set to {words}."
    FindingHistory.objects.create(finding=row, at=now, status=status, sentence=sentence, actor=author)
    after = {"status": row.status, "reason": row.status_reason}
    record("finding.triage", target=row.id, before=before, after=after, reason=row.status_reason)
    return row


def reopen_expired(now: datetime) -> int:
    """Open findings whose accepted risk ran out again; returns how many."""
    with transaction.atomic():
        due = Finding.objects.select_for_update().filter(status=Status.RISK_ACCEPTED, accepted_until__lte=now)
        moved = []
        for row in due:
            move = expire(_standing(row), now)
            _stand(row, move.standing)
            row.save(update_fields=["status", "accepted_until"])
            moved.append((row, move.note))
        _note(moved, now)
    return len(moved)


def forget_connection(connection_id: str) -> int:
    """Remove the findings of a connection that was deleted; returns how many."""
    return Finding.objects.filter(connection_id=connection_id).delete()[1].get("findings.Finding", 0)


def _one_report_at_a_time(connection_id: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(_LOCK, [f"{require_tenant().schema_name}:{connection_id}"])


def _read(row: Finding, result: CheckResult | None, scope: Scope, card: CheckCard, blind: bool) -> str:
    """Apply one read to a finding in memory; the sentence of its history when the status changed."""
    if result is not None:
        verdict = result.verdict
    else:
        verdict = Verdict.UNKNOWN if blind else Verdict.PASS
    same_read = row.last_read_id == scope.read_id
    move = after_read(_standing(row), verdict, scope.read_id, scope.read_at)
    _stand(row, move.standing)
    _describe(row, card)
    if result is not None and verdict is Verdict.FAIL:
        _prove(row, result)
        row.last_seen = row.last_seen if same_read else scope.read_at
    return move.note


def _opened(result: CheckResult, fingerprint: str, scope: Scope, card: CheckCard) -> Finding:
    row = Finding(
        fingerprint=fingerprint,
        connection_id=scope.connection_id,
        check_id=card.id,
        status=Status.OPEN,
        subject_kind=result.subject.kind,
        subject_ref=result.subject.ref,
        first_seen=scope.read_at,
        last_seen=scope.read_at,
        last_read_id=scope.read_id,
    )
    _describe(row, card)
    _prove(row, result)
    return row


def _describe(row: Finding, card: CheckCard) -> None:
    row.title, row.why, row.references = card.title, card.why, list(card.references)
    row.severity, row.severity_rank = card.severity, SEVERITY_RANK[card.severity]


def _prove(row: Finding, result: CheckResult) -> None:
    row.subject_label, row.sentence = result.subject.label, result.sentence
    row.service_id, row.endpoint_ids = result.service_id, list(result.endpoint_ids)
    row.evidence = [_plain(proof) for proof in result.evidence]
    row.fix = [_plain(repair) for repair in result.fix]


def _plain(value: Evidence | Fix) -> Any:
    """The value as the JSON column will give it back, so that an unchanged one compares equal."""
    return json.loads(json.dumps(asdict(value), default=str))


def _values(row: Finding) -> list[Any]:
    return [getattr(row, name) for name in _READ_FIELDS]


def _standing(row: Finding) -> Standing:
    return Standing(Status(row.status), row.clean_reads, row.last_read_id, row.accepted_until)


def _stand(row: Finding, standing: Standing) -> None:
    row.status, row.clean_reads = standing.status, standing.clean_reads
    row.last_read_id, row.accepted_until = standing.last_read_id, standing.accepted_until


def _note(moved: Sequence[tuple[Finding, str]], at: datetime) -> None:
    """Write the history of changed findings and announce those that ask for work again."""
    FindingHistory.objects.bulk_create(
        [FindingHistory(finding=row, at=at, status=row.status, sentence=note) for row, note in moved],
        batch_size=500,
    )
    for row, _ in moved:
        if row.status in ACTIVE:
            emit("finding.opened", finding_id=row.id)


def _counted(fresh: Sequence[Finding], moved: Sequence[tuple[Finding, str]], known: int) -> Reported:
    now = Counter(row.status for row, _ in moved)
    again = now[Status.REOPENED] + now[Status.OPEN]
    return Reported(
        opened=len(fresh),
        reopened=again,
        resolved=now[Status.RESOLVED],
        unchanged=known - len(moved),
        opened_ids=tuple(row.id for row in fresh),
    )


def _check_triage(status: Status, reason: str, expires_at: datetime | None, now: datetime) -> None:
    if status not in TRIAGE:
        raise Invalid(
            "status-set-by-reads",
            f"The status {status.value} is set by reads of the configuration, not by hand. Nothing was changed.",
            fields={"status": ["must be one of " + ", ".join(sorted(TRIAGE))]},
        )
    if status in {Status.RISK_ACCEPTED, Status.FALSE_POSITIVE} and not reason.strip():
        raise Invalid(
            "reason-missing",
            "This status needs a reason; it is kept in the history and the audit log. Nothing was changed.",
            fields={"reason": ["is required for this status"]},
        )
    if status is Status.RISK_ACCEPTED and (expires_at is None or expires_at <= now):
        raise Invalid(
            "expiry-missing",
            "A risk is accepted until a day to come; the finding opens again after it. Nothing was changed.",
            fields={"expires_at": ["must be a time to come"]},
        )
