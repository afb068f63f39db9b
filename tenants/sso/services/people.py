"""Who a believed claim is in this tenant: a known identity, a member by a proved address, or a new member."""

from dataclasses import replace

from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants.accounts.queries import find_user, user
from tenants.accounts.services import check_email
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, NotFound
from tenants.members.permissions import Role
from tenants.members.queries import member, role_of_user
from tenants.members.services import add_member
from tenants.sso.models import Identity, Provider
from tenants.sso.services import roles
from tenants.sso.services.domains import proved
from tenants.sso.services.policy import policy
from tenants.sso.types import Claims, SignInRefused


@transaction.atomic
def admit(provider: Provider, claims: Claims) -> str:
    """Return the id of the user to sign in; raises SignInRefused. May make a member and change a role.

    The first sign-in ties the provider's subject to a member with the same address; later ones go by the
    subject alone, so that an address given to somebody else does not give them the account.
    """
    found = _checked(claims)
    if found.groups is not None:
        roles.one_at_a_time()
    known = Identity.objects.select_for_update().filter(provider=provider, subject=found.subject).first()
    user_id = known.user_id if known is not None else _tie(provider, found)
    if user(user_id) is None or role_of_user(user_id) is None:
        raise SignInRefused("sso-no-account", f"The account of {found.email} here was ended.")
    Identity.objects.filter(provider=provider, subject=found.subject).update(last_sign_in_at=timezone.now())
    if found.groups is not None:
        roles.remember(user_id, provider.id, found.groups)
        roles.settle(user_id, policy(), provider.id)
    return user_id


def foresee(provider: Provider, claims: Claims) -> dict[str, object]:
    """What a sign-in with these claims would do, without doing it; raises SignInRefused where it would."""
    found = _checked(claims)
    known = Identity.objects.filter(provider=provider, subject=found.subject).first()
    member_id = known.user_id if known is not None else getattr(find_user(found.email), "id", None)
    role = role_of_user(member_id) if member_id else None
    if member_id is None and not provider.creates_members:
        raise SignInRefused(
            "sso-no-account", f"{found.email} is no member and this provider does not make members."
        )
    rules = policy()
    if role != Role.OWNER and rules.rules and found.groups is not None:
        role = roles.role_for(found.groups, rules)
    return {"known": member_id is not None, "role": role or rules.default_role}


@transaction.atomic
def unlink(identity_id: str) -> None:
    """Forget who a subject is; sessions that person began by the provider end at the next request."""
    row = Identity.objects.filter(id=identity_id).first()
    if row is None:
        raise NotFound("no-such-identity", "There is no link with this id.")
    row.delete()
    roles.forget(row.user_id, row.provider_id)
    record("sso.unlink", identity_id, before={"provider": row.provider_id, "user": row.user_id})


def forget_links(user_id: str) -> None:
    """Forget every provider's subject of a person; the audit entry is the caller's."""
    for row in Identity.objects.filter(user_id=user_id):
        roles.forget(user_id, row.provider_id)
        row.delete()


def _checked(claims: Claims) -> Claims:
    if not claims.email:
        raise SignInRefused("sso-no-email", "The provider sent no e-mail address.")
    if claims.email_verified is False:
        raise SignInRefused("sso-domain", f"The provider says that {claims.email} is not verified.")
    try:  # letters beyond ASCII can look like, or turn in lower case into, other ones
        email = check_email(claims.email if claims.email.isascii() else "")
    except Invalid:
        raise SignInRefused(
            "sso-no-email", "The provider sent something that is no e-mail address."
        ) from None
    if not proved(email):
        raise SignInRefused(
            "sso-domain", f"{email.rpartition('@')[2]} is not a verified domain of this workspace."
        )
    return replace(claims, email=email)


def _tie(provider: Provider, claims: Claims) -> str:
    """Tie a subject seen for the first time to its member, made when the provider may make members."""
    present = find_user(claims.email)
    if present is None:
        user_id = _new_member(provider, claims)
    else:
        user_id = present.id
        if Identity.objects.filter(provider=provider, user_id=user_id).exists():
            raise SignInRefused(
                "sso-no-account",
                f"The provider knows {claims.email} under another subject than before. If it is the same person, "
                "remove their link in Settings and let them sign in again.",
            )
        others = Identity.objects.filter(user_id=user_id, provider__enabled=True).exclude(provider=provider)
        if others.exists():
            raise SignInRefused(
                "sso-no-account",
                f"{claims.email} signs in by another provider that is on, so this one does not speak for them. If it is to, "
                "remove their link in Settings first.",
            )
    try:
        with transaction.atomic():
            row = Identity.objects.create(provider=provider, subject=claims.subject, user_id=user_id)
            record(
                "sso.link", row.id, after={"provider": provider.id, "user": user_id, "email": claims.email}
            )
    except IntegrityError:
        # The same person came back twice at once; both mean the same member.
        user_id = Identity.objects.get(provider=provider, subject=claims.subject).user_id
    return user_id


def _new_member(provider: Provider, claims: Claims) -> str:
    if not provider.creates_members:
        raise SignInRefused(
            "sso-no-account", f"{claims.email} is no member and this provider does not make members."
        )
    rules = policy()
    role = roles.role_for(claims.groups or (), rules)
    try:
        return member(add_member(claims.email, role, name=claims.name[:120])).user
    except Conflict:
        raise SignInRefused("sso-no-account", f"The account of {claims.email} here was ended.") from None
