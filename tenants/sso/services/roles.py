"""Groups of a provider or of provisioning become a role by the tenant's rules."""

from collections.abc import Iterable

from tenants.members.permissions import ALL, Role
from tenants.members.queries import member_of_user
from tenants.members.services import change_role
from tenants.sso.models import GroupClaim
from tenants.sso.types import PolicyView

SCIM = "scim"


def role_for(groups: Iterable[str], policy: PolicyView) -> str:
    """The role of the first rule one of these groups fits (upper and lower case alike), else the default one."""
    names = {name.strip().casefold() for name in groups}
    return next((role for group, role in policy.rules if group.casefold() in names), policy.default_role)


def remember(user_id: str, source: str, groups: Iterable[str]) -> None:
    """Keep the groups a source gives for a person."""
    GroupClaim.objects.update_or_create(
        user_id=user_id, source=source, defaults={"names": sorted(set(groups))}
    )


def forget(user_id: str, source: str) -> None:
    """Drop what a source said."""
    GroupClaim.objects.filter(user_id=user_id, source=source).delete()


def settle(user_id: str, policy: PolicyView, source: str = "") -> None:
    """Give the person the role their groups make; owners and tenants without rules are left alone.

    Provisioned groups count before those of a sign-in; without them the given source's, else the latest.
    """
    claims = GroupClaim.objects.filter(user_id=user_id)
    claim = (
        claims.filter(source=SCIM).first()
        or claims.filter(source=source).first()
        or claims.order_by("-id").first()
    )
    member = member_of_user(user_id)
    if not policy.rules or claim is None or member is None or member.role == Role.OWNER:
        return
    change_role(member.id, role_for(claim.names, policy), ALL)
