"""Connect every account of an organisation: one connection each, made as soon as its role lets us in, kept up to date after.

An account we may not read stays listed with the reason and is tried again; a failed listing changes no account.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from connectors.base.capabilities import Capability, OrganizationReader
from connectors.base.errors import ConnectorError
from controlplane.connections.models import Connection, OrganizationAccount
from controlplane.connections.services import membership, roster
from controlplane.connections.services.access import problem
from controlplane.connections.services.opening import get, open_connector
from controlplane.connections.types import AccountState, ConnectionStatus
from tenants.audit.services import record
from tenants.errors import Conflict, DomainError, Invalid


def is_organization(connection: Connection) -> bool:
    """Whether a connection leads to an organisation whose accounts are to be connected."""
    return connection.settings.get("organization") is True


def ask_roll_out(connection_id: str, accounts: Sequence[str] = ()) -> None:
    """Have the accounts listed and tried as soon as a worker is free; ``accounts`` are taken in again if left out.

    Raises ``Conflict`` when the connection is not an organisation's, ``Invalid`` for an account it does not have.
    """
    from controlplane.connections.jobs import roll_out_one  # jobs import the services

    connection = get(connection_id)
    if not is_organization(connection):
        raise Conflict(
            "no-organization",
            "This connection reads one account. Nothing was started. Switch the organisation on in its settings first.",
        )
    known = OrganizationAccount.objects.filter(connection=connection, ref__in=accounts)
    unknown = set(accounts) - set(known.values_list("ref", flat=True))
    if unknown:
        raise Invalid(
            "no-such-account",
            "The organisation has no such account. Nothing was started.",
            fields={"accounts": [f"{ref} is none of its accounts" for ref in sorted(unknown)]},
        )
    with transaction.atomic():
        roster.take_in(connection, accounts)
        record("connection.roll_out", target=connection.id, after={"accounts": sorted(accounts)})
        roll_out_one.enqueue(connection.id, unique_key=connection.id)


def roll_out(connection_id: str, seconds: float = 480.0) -> int | None:
    """List the accounts, try those that are not connected, bring the others up to date; how many were connected.

    None when nothing was listed: it is no organisation's connection, it is switched off, or listing failed, and then the
    organisation says why. Who is not reached within ``seconds`` is first the next time.
    """
    connection = get(connection_id)
    if not is_organization(connection) or connection.status == ConnectionStatus.DISABLED:
        return None
    deadline = time.monotonic() + seconds
    started = timezone.now()
    try:
        reader: OrganizationReader = open_connector(connection_id, Capability.ORGANIZATION)
        listed = reader.accounts()
    except (ConnectorError, DomainError) as error:
        roster.note(connection_id, error=problem(error), failed_at=timezone.now())
        return None
    roster.merge(connection, listed, started)
    made = sum(
        membership.connect(connection, reader, row) for row in _rows(connection, membership.TRIED, deadline)
    )
    for row in _rows(connection, (AccountState.CONNECTED,), deadline):
        membership.keep_up(reader, row)
    return made


def _rows(
    connection: Connection, states: Sequence[AccountState], deadline: float
) -> Iterator[OrganizationAccount]:
    """Accounts in these states, the one that was looked at longest ago first, until the deadline."""
    rows = OrganizationAccount.objects.filter(connection=connection, state__in=states).select_related("own")
    for row in rows.order_by(F("checked_at").asc(nulls_first=True), "id"):
        if time.monotonic() > deadline:
            return
        yield row
