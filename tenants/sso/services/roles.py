"""Groups of a provider or of provisioning become a role by the tenant's rules."""

from collections.abc import Iterable, Mapping

from django.db import connection

from tenants.isolation.context import require_tenant
from tenants.members.permissions import ALL, Role
from tenants.members.queries import member_of_user, members
from tenants.members.services import change_role
from tenants.sso.models import GroupClaim
from tenants.sso.types import PolicyView

SCIM = "scim"
FEW = 20
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('sso.roles'), hashtext(%s))"


def one_at_a_time() -> None:
    """Wait until nobody else makes roles of groups in this tenant; held to the end of the transaction.

    Comes before any other lock of the transaction: whoever reads groups and rules sees what the others left.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [require_tenant().schema_name])


def role_for(groups: Iterable[str], policy: PolicyView) -> str:
    """The role of the first rule one of these groups fits (upper and lower case alike), else the default one."""
    names = {name.strip().casefold() for name in groups}
    return next((role for group, role in policy.rules if group.casefold() in names), policy.default_role)


def remember(user_id: str, source: str, groups: Iterable[str]) -> None:
    """Keep the groups a source gives for a person."""
    remember_all(source, {user_id: groups})


def remember_all(source: str, groups: Mapping[str, Iterable[str]]) -> None:
    """Keep the groups a source gives for several people."""
    rows = [
        GroupClaim(user_id=user_id, source=source, names=sorted(set(names)))
        for user_id, names in groups.items()
    ]
    GroupClaim.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "source"],
        update_fields=["names"],
        batch_size=1000,
    )


def forget(user_id: str, source: str) -> None:
    """Drop what a source said of a person."""
    GroupClaim.objects.filter(user_id=user_id, source=source).delete()


def forget_all(source: str) -> None:
    """Drop what a source said of anybody."""
    GroupClaim.objects.filter(source=source).delete()


def settle(user_id: str, policy: PolicyView, source: str = "") -> None:
    """Give the person the role their groups make; owners and tenants without rules are left alone.

    Provisioned groups count before those of a sign-in; without them the given source's, else the latest.
    """
    settle_all([user_id], policy, source)


def settle_all(
    user_ids: Iterable[str], policy: PolicyView, source: str = "", most: int | None = None
) -> bool:
    """Give several people the role their groups make, in this order; tell whether some are left after `most` changes."""
    wanted = list(user_ids)
    if not policy.rules or not wanted:
        return False
    claims: dict[str, dict[str, list[str]]] = {}
    for row in GroupClaim.objects.filter(user_id__in=wanted).order_by("id"):
        claims.setdefault(row.user_id, {})[row.source] = row.names
    found = map(member_of_user, wanted) if len(wanted) <= FEW else members()
    by_user = {member.user: member for member in found if member is not None}
    changed = 0
    for user_id in wanted:
        member, theirs = by_user.get(user_id), claims.get(user_id)
        if member is None or theirs is None or member.role == Role.OWNER:
            continue
        names = theirs.get(SCIM, theirs.get(source, next(reversed(theirs.values()))))
        role = role_for(names, policy)
        if role == member.role:
            continue
        if changed == most:
            return True
        change_role(member.id, role, ALL)
        changed += 1
    return False


def claimed_by(source: str) -> list[str]:
    """Return whom a source gave groups for."""
    return list(GroupClaim.objects.filter(source=source).order_by("id").values_list("user_id", flat=True))
