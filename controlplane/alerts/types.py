"""Values of alerts: severities in order and what may be announced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

#: From least to most severe.
SEVERITIES: Final = ("info", "low", "medium", "high", "critical")
#: Events a destination may ask for, with the words the form shows.
EVENTS: Final = {
    "finding.opened": "A finding was opened or reopened",
    "threat.raised": "A threat was raised or became more severe",
    "block.changed": "A block was created, began, failed, expired or was undone",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about. ``version`` changes when it is worth telling again (severity rose, status moved)."""

    event: str
    id: str
    version: str
    severity: str
    subject: str
    text: str
    path: str
    payload: Mapping[str, Any]


def at_least(severity: str, minimum: str) -> bool:
    """Whether a severity reaches a minimum."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(minimum)
