"""Which accounts an organisation has and where each stands: the vendor's last list, merged into what is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from connectors.base.organization import OrganizationAccount as Listed
from controlplane.connections.models import Connection, Organization, OrganizationAccount
from controlplane.connections.types import AccountState

_LONGEST_NAME: Final = 100
_NEW: Final = "It was not tried yet."
_LEFT: Final = "It is no longer in the organisation. Its connection and what was learnt from it stay."
_OUT: Final = "Its connection was deleted here, so it is left out."


def note(connection_id: str, **outcome: Any) -> None:
    """Say how listing ended."""
    Organization.objects.update_or_create(connection_id=connection_id, defaults=outcome)


def merge(connection: Connection, listed: Iterable[Listed], at: datetime) -> None:
    """Add what is new, take names over, and say of what is missing that it is gone. One transaction."""
    present = {account.ref: account for account in listed}
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)  # one list at a time
        held = {row.ref: row for row in OrganizationAccount.objects.filter(connection=connection)}
        for ref, account in present.items():
            if ref not in held and not account.inactive:
                name = account.name[:_LONGEST_NAME]
                OrganizationAccount.objects.create(connection=connection, ref=ref, name=name, reason=_NEW)
        for ref, row in held.items():
            _follow(row, present.get(ref))
        note(connection.id, read_at=at, error=None)


def _follow(row: OrganizationAccount, account: Listed | None) -> None:
    before = (row.name, row.state, row.reason)
    if account is not None:
        row.name = account.name[:_LONGEST_NAME]
    if row.state != AccountState.LEFT_OUT:
        if account is None or account.inactive:
            row.state, row.reason = AccountState.GONE, account.inactive if account else _LEFT
        elif row.state == AccountState.GONE:
            row.state = AccountState.CONNECTED if row.own_id else AccountState.WAITING
            row.reason = "" if row.own_id else _NEW
    if before != (row.name, row.state, row.reason):
        row.save(update_fields=["name", "state", "reason"])


def leave_out(own: Connection) -> None:
    """An account whose connection somebody deleted is not connected again by itself, also when it was gone by then."""
    OrganizationAccount.objects.filter(own=own).update(state=AccountState.LEFT_OUT, reason=_OUT)


def take_in(connection: Connection, refs: Iterable[str]) -> None:
    """Accounts that were left out are connected again with the next roll-out."""
    rows = OrganizationAccount.objects.filter(connection=connection, ref__in=list(refs))
    rows.filter(state=AccountState.LEFT_OUT).update(state=AccountState.WAITING, reason=_NEW)
