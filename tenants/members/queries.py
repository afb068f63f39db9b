"""Reads of members."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from tenants.accounts.queries import with_factor
from tenants.accounts.services import has_factor
from tenants.errors import NotFound
from tenants.members.models import Invitation, Membership
from tenants.members.permissions import permissions_of
from tenants.members.types import InvitationView


@dataclass(frozen=True, slots=True)
class Member:
    """A person and their role."""

    id: str
    user: str
    email: str
    name: str
    role: str
    created_at: datetime
    active: bool = True
    second_factor: bool = False


def members() -> list[Member]:
    """Return everyone in the tenant, oldest first."""
    rows = Membership.objects.select_related("user").order_by("id")
    protected = with_factor()
    return [_member(row, row.user_id in protected) for row in rows]


def member(member_id: str) -> Member:
    """Return one member; raises NotFound."""
    row = Membership.objects.select_related("user").filter(id=member_id).first()
    if row is None:
        raise NotFound("no-such-member", "There is no member with this id.")
    return _member(row, has_factor(row.user_id))


def member_of_user(user_id: str) -> Member | None:
    """Return the member this user is, active or suspended; None for nobody's."""
    row = Membership.objects.select_related("user").filter(user_id=user_id).first()
    return _member(row, has_factor(user_id)) if row is not None else None


def role_of_user(user_id: str) -> str | None:
    """Return the role of an active user, or None."""
    rows = Membership.objects.filter(user_id=user_id, user__is_active=True)
    return rows.values_list("role", flat=True).first()


def permissions_of_user(user_id: str) -> frozenset[str]:
    """Return what a user may do now; nothing for unknown and inactive users."""
    role = role_of_user(user_id)
    return permissions_of(role) if role else frozenset()


def invitations() -> list[InvitationView]:
    """Return invitations not accepted yet, newest first, expired ones too."""
    now = timezone.now()
    return [
        InvitationView(
            row.id,
            row.email,
            row.role,
            "open" if row.expires_at > now else "expired",
            row.invited_by.email if row.invited_by else "",
            row.created_at,
            row.sent_at,
            row.expires_at,
        )
        for row in Invitation.objects.select_related("invited_by").order_by("-id")
    ]


def invitation(invitation_id: str) -> InvitationView:
    """Return one invitation; raises NotFound."""
    found = next((row for row in invitations() if row.id == invitation_id), None)
    if found is None:
        raise NotFound("no-such-invitation", "There is no open invitation with this id.")
    return found


def _member(row: Membership, second_factor: bool) -> Member:
    return Member(
        row.id,
        row.user_id,
        row.user.email,
        row.user.name,
        row.role,
        row.created_at,
        row.user.is_active,
        second_factor,
    )
