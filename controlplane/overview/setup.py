"""The five steps of setting up; each is done when what is stored proves it."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.alerts import queries as alerts
from controlplane.blocking import queries as blocking
from controlplane.connections import queries as connections
from controlplane.connections.types import ConnectionStatus
from controlplane.findings import queries as findings

#: Statuses of a connection that has been read or has delivered calls.
READ = frozenset({ConnectionStatus.CONNECTED, ConnectionStatus.DEGRADED})


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, whether it is done, and where."""

    step: str
    done: bool
    sentence: str
    href: str


def steps(endpoint_count: int) -> list[Step]:
    """All five, in the order in which they are best taken."""
    connected = any(entry.status in READ for entry in connections.refs())
    alerting = alerts.destinations().exists()
    return [
        Step("connect", connected, "Connect a gateway", "/connections/new"),
        Step("endpoints", endpoint_count > 0, "See your endpoints", "/endpoints"),
        Step("triage", findings.triaged(), "Triage a finding", "/findings"),
        Step("preview", blocking.previewed(), "Preview a block on past calls", "/blocks/new"),
        Step("alerts", alerting, "Send alerts to your team", "/alerts"),
    ]
