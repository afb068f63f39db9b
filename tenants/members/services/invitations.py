"""Ask somebody into the workspace by mail: a link that works once, for seven days, kept as its hash alone.

Opening it proves the address. Who accepts gets the role of the invitation; as with tokens, a right that whoever invited has
lost meanwhile is not given.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from tenants.accounts.queries import person, user
from tenants.accounts.services import (
    INVITE,
    INVITE_AGAIN,
    LINK_ADDRESS,
    allow,
    check_email,
    create_user,
    mark_verified,
    reactivate_user,
    set_password,
)
from tenants.audit.actors import Actor, name_actor
from tenants.audit.services import record
from tenants.errors import Conflict, NotFound, Refused, Stale
from tenants.members import jobs
from tenants.members.models import Invitation, Membership
from tenants.members.permissions import permissions_of
from tenants.members.queries import permissions_of_user
from tenants.members.services.memberships import known_role, within
from tenants.members.types import Invited

GOOD_FOR = timedelta(days=7)


def invite(email: str, role: str, holder: frozenset[str], by: str | None) -> str:
    """Invite somebody with a role within the inviter's rights (`holder`); returns the invitation's id.

    Inviting the same address again makes a new link and takes the new role. Raises Invalid, Refused, Conflict, TooMany.
    """
    checked, chosen = check_email(email), known_role(role)
    within(holder, permissions_of(chosen))
    known = person(checked)
    if known is not None and Membership.objects.filter(user_id=known.id).exists():
        raise Conflict("already-member", "Someone with this email address is already here; no mail was sent.")
    _may_invite(by)
    _allow(checked, by)
    with transaction.atomic():
        row, made = Invitation.objects.select_for_update().get_or_create(
            email=checked, defaults={"role": chosen, "expires_at": timezone.now() + GOOD_FOR}
        )
        before = None if made else {"role": row.role}
        row.role = chosen
        _renew(row, by)
        record("invitation.send", row.id, before=before, after={"email": checked, "role": chosen.value})
    return row.id


def resend_invitation(invitation_id: str, holder: frozenset[str], by: str | None) -> None:
    """Mail a new link, good for seven days; the one before ends. Raises NotFound, Refused, TooMany."""
    found = _one(invitation_id)
    within(holder, permissions_of(found.role))
    _allow(found.email, by)
    with transaction.atomic():
        row = Invitation.objects.select_for_update().filter(id=invitation_id).first()
        if row is None:
            raise _gone()
        _renew(row, by)
        record("invitation.resend", row.id, after={"email": row.email, "role": row.role})


@transaction.atomic
def revoke_invitation(invitation_id: str) -> None:
    """Take an invitation back; its link ends."""
    row = _one(invitation_id)
    Invitation.objects.filter(id=row.id).delete()
    record("invitation.revoke", row.id, before={"email": row.email, "role": row.role})


def described(secret: str, address: str) -> Invited:
    """What an invitation says, for who opened its link; raises Stale and TooMany."""
    allow(LINK_ADDRESS, address, "Too many links were tried.")
    row = _open(secret)
    inviter = row.invited_by
    return Invited(row.email, row.role, (inviter.name or inviter.email) if inviter else "", row.expires_at)


def accept_by_password(secret: str, name: str, password: str, address: str) -> str:
    """Become a member with a password; returns the user's id. Raises Stale, Invalid (the link stays good), TooMany."""
    return _accept(secret, name, password, address)


def accept_for_sso(secret: str, address: str) -> str:
    """Become a member who signs in by single sign-on; returns the user's id. Raises Stale, TooMany."""
    return _accept(secret, "", None, address)


def seal_invitation(invitation_id: str) -> tuple[Invitation, str] | None:
    """Give an invitation its secret, for the mail alone; None when it was accepted or revoked meanwhile."""
    secret = secrets.token_urlsafe(32)
    row = Invitation.objects.filter(id=invitation_id, expires_at__gt=timezone.now()).first()
    if row is None:
        return None
    Invitation.objects.filter(id=row.id).update(key_hash=_hashed(secret), sent_at=timezone.now())
    return row, secret


def _accept(secret: str, name: str, password: str | None, address: str) -> str:
    allow(LINK_ADDRESS, address, "Too many links were tried; nothing was changed.")
    with transaction.atomic():
        row = _open(secret, lock=True)
        known = person(row.email)
        if known is None:
            user_id = create_user(row.email, password=password, name=name, verified=True)
        else:
            user_id = known.id
            if Membership.objects.filter(user_id=user_id).exists():
                raise Conflict(
                    "already-member", "You are a member already; nothing was changed. Sign in instead."
                )
            if password is not None:
                set_password(known, password)
            reactivate_user(user_id)
            mark_verified(user_id)
        member = Membership.objects.create(user_id=user_id, role=row.role)
        Invitation.objects.filter(id=row.id).delete()
        name_actor(Actor("user", user_id, row.email))
        record(
            "invitation.accept", member.id, after={"email": row.email, "role": row.role, "invitation": row.id}
        )
    return user_id


def _open(secret: str, *, lock: bool = False) -> Invitation:
    rows = Invitation.objects.select_related("invited_by")
    if lock:
        rows = rows.select_for_update(of=("self",))
    row = rows.filter(key_hash=_hashed(secret), expires_at__gt=timezone.now()).first()
    if row is None:
        raise _spent()
    if row.invited_by_id and not permissions_of(row.role) <= permissions_of_user(row.invited_by_id):
        raise _spent()
    return row


def _renew(row: Invitation, by: str | None) -> None:
    row.invited_by_id = by  # type: ignore[assignment]  # the column may be null
    row.key_hash, row.sent_at, row.expires_at = "", None, timezone.now() + GOOD_FOR
    row.save()
    jobs.mail_invitation.enqueue(row.id)


def _may_invite(by: str | None) -> None:
    """Mails to strangers go out for people whose own address is known to be theirs."""
    inviter = user(by) if by else None
    if inviter is not None and inviter.email_verified_at is None and inviter.has_usable_password():
        raise Refused(
            "email-not-verified",
            "Your own e-mail address is not confirmed yet; no invitation was sent.",
            action="Open the link we mailed you, or ask for a new one under Settings, Security.",
        )


def _allow(email: str, by: str | None) -> None:
    sentence = "Too many invitations; no mail was sent."
    allow(INVITE_AGAIN, email, sentence)
    allow(INVITE, by or "system", sentence)


def _one(invitation_id: str) -> Invitation:
    row = Invitation.objects.filter(id=invitation_id).first()
    if row is None:
        raise _gone()
    return row


def _gone() -> NotFound:
    return NotFound("no-such-invitation", "There is no open invitation with this id.")


def _spent() -> Stale:
    return Stale(
        "invitation-spent",
        "This invitation was accepted already, was taken back or replaced, or is older than seven days. "
        "Nothing was changed.",
        action="Ask whoever invited you for a new one.",
    )


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
