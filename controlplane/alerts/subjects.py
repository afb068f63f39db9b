"""What to say about a finding, a threat or a block: what, where, how bad, what to do, in that order."""

from __future__ import annotations

from controlplane.alerts.types import Subject
from controlplane.blocking import queries as blocking
from controlplane.detection import queries as detection
from controlplane.findings import queries as findings


def finding_subject(finding_id: str) -> Subject:
    """The alert of a finding."""
    row = findings.finding(finding_id)
    return Subject(
        event="finding.opened",
        id=row.id,
        version=str(row.status),
        severity=str(row.severity),
        subject=row.title,
        text=f"{row.sentence}\n\nOpen the finding for its evidence and the fix.",
        path=f"/findings/{row.id}",
        payload={
            "id": row.id,
            "check": row.check_id,
            "severity": row.severity,
            "status": row.status,
            "sentence": row.sentence,
        },
    )


def threat_subject(threat_id: str) -> Subject:
    """The alert of a threat; told again only when its severity rises."""
    row = detection.threat(threat_id)
    return Subject(
        event="threat.raised",
        id=row.id,
        version=str(row.severity),
        severity=str(row.severity),
        subject=row.title,
        text=f"{row.sentence}\n\nOpen the actor for its timeline, and preview a block from there.",
        path=f"/actors/{row.actor_id}",
        payload={
            "id": row.id,
            "kind": row.kind,
            "severity": row.severity,
            "score": row.score,
            "sentence": row.sentence,
        },
    )


def block_subject(block_id: str) -> Subject:
    """The alert of a block's change; failures are severe, the rest is for the record."""
    row = blocking.block(block_id)
    failed = [target.error for target in row.targets.all() if target.state == "failed"]
    severity = "high" if failed else "info"
    state = "failed" if failed else row.status
    sentence = failed[0] if failed else f"{row.reason_text} Ends {row.expires_at:%Y-%m-%d %H:%M} UTC."
    return Subject(
        event="block.changed",
        id=row.id,
        version=state,
        severity=severity,
        subject=f"Block {state.replace('_', ' ')}",
        text=sentence,
        path=f"/blocks/{row.id}",
        payload={"id": row.id, "status": row.status, "stage": row.stage, "match": row.match},
    )
