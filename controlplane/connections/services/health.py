"""Where a connection stands: what its last reading lacks and what its last check was denied, told together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Q

from connectors.base.capabilities import Grant
from connectors.base.model import Completeness
from controlplane.connections.models import Connection, PermissionResult, Snapshot
from controlplane.connections.types import ConnectionStatus

_NAMED = 5


def settle(connection: Connection, otherwise: str = "") -> None:
    """Set status and reason from what is stored; ``otherwise`` is told when nothing lacks. Saves nothing.

    A switched-off connection stays so. What was denied holds until a check finds it granted: that a reading went well
    says nothing of who else is let in.
    """
    if connection.status == ConnectionStatus.DISABLED:
        return
    latest = Snapshot.objects.filter(connection=connection).order_by("-id")
    sections = latest.values_list("sections", flat=True).first() or ()
    lacking = " ".join(part for part in (denied(connection), unread(sections)) if part)
    connection.status = ConnectionStatus.DEGRADED if lacking else ConnectionStatus.CONNECTED
    connection.status_reason = lacking or otherwise


def denied(connection: Connection) -> str:
    """What the last check was denied, in sentences; a failed proof first, in its own words."""
    rows = PermissionResult.objects.filter(connection=connection, grant=Grant.DENIED.value).order_by(
        "position"
    )
    found = list(rows.filter(Q(access="read") | Q(proof=True)))
    told = [f"More than this connection is trusted: {row.detail}" for row in found if row.proof]
    actions = [row.action for row in found if not row.proof]
    if actions:
        told.append(f"Denied: {', '.join(actions[:_NAMED])}. What depends on them is unknown, not empty.")
    return " ".join(told)


def unread(sections: Iterable[Mapping[str, str]]) -> str:
    """What was not read, and why: sections with the same reason in one sentence."""
    named: dict[tuple[str, str], list[str]] = {}
    for part in sections:
        if part["completeness"] != Completeness.COMPLETE.value:
            reason = (part["completeness"], part["reason"])
            named.setdefault(reason, []).append(part["name"].replace("_", " "))
    return "; ".join(
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} {state}: {reason}".rstrip(": ")
        for (state, reason), names in named.items()
    )
