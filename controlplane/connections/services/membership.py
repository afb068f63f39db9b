"""How one account of an organisation becomes a connection and is kept up to date; its trouble stops no other account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Cast
from django.utils import timezone

from connectors.base.capabilities import OrganizationReader
from connectors.base.errors import ConnectorError, RefusedError
from connectors.base.organization import OrganizationAccount as Listed
from controlplane.connections.models import Connection, OrganizationAccount
from controlplane.connections.services import form, manage
from controlplane.connections.services.opening import manifest_of
from controlplane.connections.types import AccountState, ConnectionStatus
from tenants.errors import DomainError

#: States of accounts that are still to be connected.
TRIED: Final = (AccountState.WAITING, AccountState.REFUSED)
_BEFORE: Final = "It was connected before, on its own; its settings are its own, too."
_WORKING: Final = (ConnectionStatus.CONNECTED, ConnectionStatus.DEGRADED)
_AT_ONCE: Final = "Somebody else saved a connection at the same moment. It is tried again."
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 19))"


def connect(organization: Connection, reader: OrganizationReader, row: OrganizationAccount) -> bool:
    """Whether the account was connected now; if not, its row says why."""
    account = Listed(row.ref, row.name)
    found = _existing(organization, reader, row.ref)
    admitted = found is None or _is_member(organization, found)
    if found is None and _is_full(organization):
        put_off(row, _full())
        return False
    try:
        if admitted:
            reader.admit(account)
        return _join(organization, reader, row, account, admitted=admitted)
    except ConnectorError as error:
        refused = isinstance(error, RefusedError)
        put_off(row, error.sentence(), AccountState.REFUSED if refused else AccountState.WAITING)
    except DomainError as error:
        put_off(row, f"{error.detail} {error.action}".strip())
    except IntegrityError:
        put_off(row, _AT_ONCE)
    return False


def _is_full(organization: Connection) -> bool:
    taken = OrganizationAccount.objects.filter(connection=organization, own__isnull=False).count()
    return taken >= settings.ORGANIZATION_ACCOUNTS


def _full() -> str:
    limit = settings.ORGANIZATION_ACCOUNTS
    most = f"{limit:,} account{'' if limit == 1 else 's'}"
    return (
        f"This installation connects at most {most} of an organisation, and so many are. The account is not read. Ask the "
        "operator to raise PORTCULLIS_ORGANIZATION_ACCOUNTS, or delete a connection you do not need."
    )


def put_off(row: OrganizationAccount, reason: str, state: AccountState = AccountState.WAITING) -> None:
    """Say why an account is not connected yet, unless another worker connected it or somebody left it out meanwhile."""
    rows = OrganizationAccount.objects.filter(pk=row.pk, own=None, state__in=TRIED)
    rows.update(state=state, reason=reason, checked_at=timezone.now())


def keep_up(reader: OrganizationReader, row: OrganizationAccount) -> None:
    """Take over what changed at the organisation since, but nothing that somebody changed on the account's connection.

    Settings are taken over once the account admits us with them; until then the old ones stay and the row says why.
    """
    if row.own is None or not row.given:
        return
    reason = ""
    try:
        _take_over(reader, row, row.own, Listed(row.ref, row.name))
    except ConnectorError as error:
        reason = f"What changed at the organisation was not taken over. {error.what} {error.action}".strip()
    except DomainError as error:
        reason = f"What changed at the organisation was not taken over. {error.detail}"
    except IntegrityError:
        reason = _AT_ONCE
    if reason or row.reason:
        rows = OrganizationAccount.objects.filter(pk=row.pk, state=AccountState.CONNECTED)
        rows.update(reason=reason, checked_at=timezone.now())


def _existing(organization: Connection, reader: OrganizationReader, ref: str) -> Connection | None:
    """The account's connection: one of a member first, then one that works, then the oldest."""
    rows = Connection.objects.filter(connector=organization.connector).exclude(pk=organization.pk)
    near = rows.annotate(text=Cast("settings", models.TextField())).filter(text__contains=ref).order_by("id")
    found = [row for row in near if reader.account_of(row.settings) == ref]
    return min(
        found,
        key=lambda row: (not _is_member(organization, row), not _works(row)),
        default=None,
    )


def _is_member(organization: Connection, found: Connection) -> bool:
    """Whether a connection was made for this organisation, or for one whose connection is no longer there."""
    if not found.member_of:
        return False
    others = Connection.objects.filter(pk=found.member_of).exclude(pk=organization.pk)
    return not others.exists()


def _works(found: Connection) -> bool:
    return found.status in _WORKING and form.is_complete(found, manifest_of(found.connector))


def _join(
    organization: Connection,
    reader: OrganizationReader,
    row: OrganizationAccount,
    account: Listed,
    *,
    admitted: bool,
) -> bool:
    with transaction.atomic():
        with connection.cursor() as cursor:  # two organisations may list the same account
            cursor.execute(_LOCK, [f"{organization.connector}/{row.ref}"])
        locked = OrganizationAccount.objects.select_for_update().get(pk=row.pk)
        if locked.own_id is not None or locked.state not in TRIED:
            return False  # another worker was faster, or somebody left it out
        found = _existing(organization, reader, row.ref)
        if found is not None and not _is_member(organization, found):
            return _adopt(row, found)
        if not admitted:
            return False  # what was found before is gone: tried as any other the next time
        held = dict(reader.settings_of(account))
        if found is None:
            name = _free_name(row)
            own = manage.create(
                organization.connector, name, held, organization.runner_id, organization=organization
            )
        else:
            own = manage.rejoin(found.id, organization, held)
        given = {"name": own.name, "settings": held}
        _connected(row, own, given, "")
    return True


def _adopt(row: OrganizationAccount, found: Connection) -> bool:
    """Count somebody's own connection as the account's if it works. False: nothing was made."""
    if _works(found):
        _connected(row, found, {}, _BEFORE)
    else:
        put_off(
            row,
            f"The connection {found.name} leads to this account but does not work: it is {found.status}. Complete or repair "
            "it, or delete it to have one made here.",
        )
    return False


def _connected(row: OrganizationAccount, own: Connection, given: Mapping[str, Any], reason: str) -> None:
    OrganizationAccount.objects.filter(pk=row.pk).update(
        state=AccountState.CONNECTED, own=own, given=given, reason=reason, checked_at=timezone.now()
    )


def _free_name(row: OrganizationAccount) -> str:
    name = row.name.strip()
    taken = Connection.objects.filter(name=name).exclude(pk=row.own_id).exists()
    return f"{name} ({row.ref})".strip() if taken or not name else name


def _take_over(
    reader: OrganizationReader, row: OrganizationAccount, own: Connection, account: Listed
) -> None:
    wanted = dict(reader.settings_of(account))
    held: Mapping[str, Any] = row.given["settings"]
    changed = {
        name: value
        for name, value in wanted.items()
        if value != held.get(name) and own.settings.get(name) == held.get(name)
    }
    renamed = row.given["name"] != row.name and own.name == row.given["name"]
    name = _free_name(row) if renamed else None
    if not changed and (name is None or name == own.name):
        return
    if changed:
        reader.admit(account)
    with transaction.atomic():
        manage.update(own.id, name=name, settings=changed or None)
        given = {"name": name or row.given["name"], "settings": {**held, **wanted}}
        OrganizationAccount.objects.filter(pk=row.pk).update(given=given, checked_at=timezone.now())
