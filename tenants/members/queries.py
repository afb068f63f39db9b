"""Reads of members."""

from dataclasses import dataclass
from datetime import datetime

from tenants.errors import NotFound
from tenants.members.models import Membership
from tenants.members.permissions import permissions_of


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


def members() -> list[Member]:
    """Return everyone in the tenant, oldest first."""
    rows = Membership.objects.select_related("user").order_by("id")
    return [_member(row) for row in rows]


def member(member_id: str) -> Member:
    """Return one member; raises NotFound."""
    row = Membership.objects.select_related("user").filter(id=member_id).first()
    if row is None:
        raise NotFound("no-such-member", "There is no member with this id.")
    return _member(row)


def member_of_user(user_id: str) -> Member | None:
    """Return the member this user is, active or suspended; None for nobody's."""
    row = Membership.objects.select_related("user").filter(user_id=user_id).first()
    return _member(row) if row is not None else None


def role_of_user(user_id: str) -> str | None:
    """Return the role of an active user, or None."""
    rows = Membership.objects.filter(user_id=user_id, user__is_active=True)
    return rows.values_list("role", flat=True).first()


def permissions_of_user(user_id: str) -> frozenset[str]:
    """Return what a user may do now; nothing for unknown and inactive users."""
    role = role_of_user(user_id)
    return permissions_of(role) if role else frozenset()


def _member(row: Membership) -> Member:
    return Member(
        row.id, row.user_id, row.user.email, row.user.name, row.role, row.created_at, row.user.is_active
    )
