"""Connect every account of an organisation: one connection each, made as soon as its role lets us in, kept up to date after.

An account we may not read stays listed with the reason and is tried again; a failed listing changes no account.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from connectors.base.capabilities import Capability, OrganizationReader
from connectors.base.errors import ConnectorError, RefusedError
from connectors.base.organization import OrganizationAccount as Listed
from controlplane.connections.models import Connection, OrganizationAccount
from controlplane.connections.services import manage, roster
from controlplane.connections.services.access import problem
from controlplane.connections.services.opening import get, open_connector
from controlplane.connections.types import AccountState, ConnectionStatus
from tenants.audit.services import record
from tenants.errors import Conflict, DomainError, Invalid

_BEFORE: Final = "It was connected before, on its own; its settings are its own, too."
_TRIED: Final = (AccountState.WAITING, AccountState.REFUSED)


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
    before = _connected_before(connection, reader)
    made = sum(
        1 for row in _untried(connection, deadline) if _connect(connection, reader, row, before.get(row.ref))
    )
    for row in OrganizationAccount.objects.filter(connection=connection, state=AccountState.CONNECTED):
        _keep_up(reader, row)
    return made


def _untried(connection: Connection, deadline: float) -> Iterator[OrganizationAccount]:
    """Accounts without a connection, the one that waits longest first, until the deadline."""
    rows = OrganizationAccount.objects.filter(connection=connection, state__in=_TRIED)
    for row in rows.order_by(F("checked_at").asc(nulls_first=True), "id"):
        if time.monotonic() > deadline:
            return
        yield row


def _connected_before(connection: Connection, reader: OrganizationReader) -> dict[str, Connection]:
    """Connections somebody made on their own, the oldest one by account."""
    rows = Connection.objects.filter(connector=connection.connector).exclude(pk=connection.pk)
    return {reader.account_of(row.settings): row for row in rows.order_by("-id")}


def _connect(
    connection: Connection, reader: OrganizationReader, row: OrganizationAccount, found: Connection | None
) -> bool:
    """Whether the account was connected now; if not, its row says why."""
    account, now = Listed(row.ref, row.name), timezone.now()
    if found is None:
        try:
            reader.admit(account)
        except ConnectorError as error:
            state = AccountState.REFUSED if isinstance(error, RefusedError) else AccountState.WAITING
            _set(row, state=state, reason=error.sentence(), checked_at=now)
            return False
    with transaction.atomic():
        locked = OrganizationAccount.objects.select_for_update().get(pk=row.pk)
        if locked.own_id is not None or locked.state not in _TRIED:
            return False  # another worker was faster, or somebody left it out
        if found is not None:
            _set(row, state=AccountState.CONNECTED, own=found, given={}, reason=_BEFORE, checked_at=now)
            return False
        given = {"name": _free_name(row), "settings": dict(reader.settings_of(account))}
        own = manage.create(
            connection.connector,
            given["name"],
            given["settings"],
            connection.runner_id,
            organization=connection,
        )
        _set(row, state=AccountState.CONNECTED, own=own, given=given, reason="", checked_at=now)
    return True


def _free_name(row: OrganizationAccount) -> str:
    taken = Connection.objects.filter(name=row.name).exists()
    return f"{row.name} ({row.ref})" if taken or not row.name.strip() else row.name.strip()


def _keep_up(reader: OrganizationReader, row: OrganizationAccount) -> None:
    """Take over what changed at the organisation since, but nothing that somebody changed on the account's connection."""
    if row.own is None or not row.given:
        return
    settings = dict(reader.settings_of(Listed(row.ref, row.name)))
    held: Mapping[str, Any] = row.given["settings"]
    changed = {
        name: value
        for name, value in settings.items()
        if value != held.get(name) and row.own.settings.get(name) == held.get(name)
    }
    renamed = row.given["name"] != row.name and row.own.name == row.given["name"]
    name = _free_name(row) if renamed else None
    if not changed and (name is None or name == row.own.name):
        return
    with transaction.atomic():
        manage.update(row.own.id, name=name, settings=changed or None)
        given = {"name": name or row.given["name"], "settings": {**held, **settings}}
        _set(row, given=given)


def _set(row: OrganizationAccount, **values: Any) -> None:
    OrganizationAccount.objects.filter(pk=row.pk).update(**values)
