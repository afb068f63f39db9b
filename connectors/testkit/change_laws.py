"""The laws of reading a vendor's audit trail, checked on a running double: nothing lost, nothing told twice anew."""

from __future__ import annotations

from connectors.base.capabilities import Capability, ChangeReader, Cursor
from connectors.base.changes import ConfigChange
from connectors.base.errors import ConnectorError
from connectors.testkit.conformance import Subject
from connectors.testkit.running import Fault


def check_changes(subject: Subject) -> None:
    """A customer's change is told once, complete and in order; a failed read says so and loses nothing."""
    assert subject.change is not None, f"{subject.key}: it reads changes, but its subject makes none"
    known, cursor = _read(subject, {})
    subject.change()
    later, cursor = _read(subject, cursor)
    fresh = [change for change in later if change.ref not in {entry.ref for entry in known}]
    assert fresh, f"{subject.key}: a change made at the vendor is not told"
    for change in fresh:
        _check_told(subject.key, change)
    again, cursor = _read(subject, cursor)
    repeated = {change.ref for change in again} - {change.ref for change in (*known, *later)}
    assert not repeated, f"{subject.key}: without a new change, new entries are told: {sorted(repeated)}"
    assert subject.change_faults, f"{subject.key}: no fault of the audit trail is tried"
    for fault in subject.change_faults:
        cursor = _check_failure(subject, fault, cursor)


def _read(subject: Subject, cursor: Cursor) -> tuple[list[ConfigChange], Cursor]:
    reader: ChangeReader = subject.make(Capability.CHANGES)
    found: list[ConfigChange] = []
    for page, reached in reader.read_changes(cursor):
        found += page
        cursor = reached
    times = [change.at for change in found]
    assert times == sorted(times), f"{subject.key}: changes are not told oldest first"
    return found, cursor


def _check_told(key: str, change: ConfigChange) -> None:
    for name in ("ref", "action", "object_kind", "object_ref"):
        assert getattr(change, name), f"{key}: a change without {name}: {change}"
    offset = change.at.utcoffset()
    assert offset is not None, f"{key}: {change.ref} has a time without a zone"
    assert not offset, f"{key}: {change.ref} is not told in UTC"
    assert change.evidence, f"{key}: {change.ref} shows no evidence"


def _check_failure(subject: Subject, fault: Fault, cursor: Cursor) -> Cursor:
    """Under ``fault`` reading raises; from the cursor it left, the change made meanwhile is told."""
    assert subject.change is not None
    known = {change.ref for change in _read(subject, cursor)[0]}
    subject.change()
    subject.order(fault)
    caught: ConnectorError | None = None
    told: set[str] = set()
    try:
        for page, reached in subject.make(Capability.CHANGES).read_changes(cursor):
            told |= {change.ref for change in page}
            cursor = reached
    except ConnectorError as error:
        caught = error
    finally:
        subject.behave()
    assert caught is not None, (
        f"{subject.key}: a failed read of changes ({fault}) looks like one without changes"
    )
    later, cursor = _read(subject, cursor)
    fresh = (told | {change.ref for change in later}) - known
    assert fresh, f"{subject.key}: a change made while reading failed is lost ({fault})"
    return cursor
