"""Give, change and end memberships. A tenant always keeps one owner."""

from django.db import transaction

from tenants.accounts.services import clear_factors, create_user, end_sessions, reactivate_user
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, NotFound, Refused
from tenants.members.models import Membership
from tenants.members.permissions import ALL, Role, permissions_of
from tenants.tokens.services import revoke_tokens_of


@transaction.atomic
def add_member(
    email: str,
    role: str,
    *,
    password: str | None = None,
    name: str = "",
    holder: frozenset[str] = ALL,
) -> str:
    """Create a user with this role and return the membership's id; without password they must reset it.

    `holder` is what the person adding may do; nobody can give more than they have.
    """
    chosen = known_role(role)
    within(holder, permissions_of(chosen))
    user_id = create_user(email, password=password, name=name)
    row = Membership.objects.create(user_id=user_id, role=chosen)
    record("member.add", row.id, after={"email": email.lower(), "role": chosen.value})
    return row.id


@transaction.atomic
def change_role(member_id: str, role: str, holder: frozenset[str]) -> None:
    """Change a member's role; nobody may give more than they have (`holder`), the last owner stays."""
    chosen = known_role(role)
    row = _locked(member_id)
    within(holder, permissions_of(chosen) | permissions_of(row.role))
    if row.role == chosen:
        return
    _keep_an_owner(row)
    before, row.role = row.role, chosen
    row.save(update_fields=["role"])
    record("member.role", row.id, before={"role": before}, after={"role": chosen.value})


@transaction.atomic
def remove_member(member_id: str, holder: frozenset[str]) -> None:
    """End a membership: the user is deactivated, every session and token of theirs ends."""
    row = _locked(member_id)
    within(holder, permissions_of(row.role))
    _keep_an_owner(row)
    user_id, role = row.user_id, row.role
    row.delete()
    end_sessions(user_id, deactivate=True)
    revoke_tokens_of(user_id)
    record("member.remove", member_id, before={"user": user_id, "role": role})


@transaction.atomic
def suspend_member(member_id: str) -> None:
    """Stop a member from signing in: sessions and tokens end at once, role and history stay. Safe to repeat."""
    row = _locked(member_id)
    _keep_an_owner(row)
    end_sessions(row.user_id, deactivate=True)
    revoke_tokens_of(row.user_id)
    record("member.suspend", row.id, after={"active": False})


@transaction.atomic
def resume_member(member_id: str) -> None:
    """Let a suspended member sign in again; what ended stays ended."""
    row = _locked(member_id)
    reactivate_user(row.user_id)
    record("member.resume", row.id, after={"active": True})


@transaction.atomic
def readmit_member(user_id: str, role: str) -> str:
    """Make somebody a member again whose membership ended; return the new membership's id."""
    chosen = known_role(role)
    reactivate_user(user_id)
    row = Membership.objects.create(user_id=user_id, role=chosen)
    record("member.add", row.id, after={"user": user_id, "role": chosen.value})
    return row.id


@transaction.atomic
def clear_member_factors(member_id: str, holder: frozenset[str]) -> int:
    """Remove the second factors of a member who lost them all; their sessions end, they are told by mail.

    Whoever does it (`holder`) has made sure who asks, as carefully as when the factors were set up. Returns how many.
    """
    row = _locked(member_id)
    within(holder, permissions_of(row.role))
    cleared = clear_factors(row.user_id)
    if not cleared:
        raise Conflict("no-factors", "This member has no second factor; nothing was changed.")
    types = sorted({factor.type for factor in cleared})
    record("member.clear-factors", row.id, before={"user": row.user_id, "types": types})
    return len(cleared)


@transaction.atomic
def end_member_sessions(member_id: str, holder: frozenset[str]) -> int:
    """Sign a member out everywhere, within the rights of who does it (`holder`); returns how many sessions ended."""
    row = _locked(member_id)
    within(holder, permissions_of(row.role))
    ended = end_sessions(row.user_id)
    record("member.end-sessions", row.id, after={"ended": ended})
    return ended


def _locked(member_id: str) -> Membership:
    # Locking every owner's row too makes two owners leaving at once wait for each other.
    list(Membership.objects.select_for_update().filter(role=Role.OWNER).order_by("id").values_list("id"))
    row = Membership.objects.select_for_update().filter(id=member_id).first()
    if row is None:
        raise NotFound("no-such-member", "There is no member with this id.")
    return row


def _keep_an_owner(row: Membership) -> None:
    others = Membership.objects.filter(role=Role.OWNER, user__is_active=True).exclude(id=row.id)
    if row.role == Role.OWNER and not others.exists():
        raise Conflict("last-owner", "The last owner cannot leave; make someone else owner first.")


def within(holder: frozenset[str], needed: frozenset[str]) -> None:
    """Raise Refused when a role holds more than whoever gives or takes it."""
    if not needed <= holder:
        raise Refused("role-beyond-holder", "You can only give and take roles within your own rights.")


def known_role(role: str) -> Role:
    """Return the role of this name; raises Invalid."""
    try:
        return Role(role)
    except ValueError:
        known = ", ".join(Role)
        raise Invalid("unknown-role", "Nothing was changed.", fields={"role": [f"One of: {known}"]}) from None
