"""The tenant's policy: is single sign-on required, who may still use a password, which groups make which role."""

from collections.abc import Sequence

from django.db import transaction

from tenants.accounts.queries import user
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid
from tenants.members.permissions import Role
from tenants.members.queries import role_of_user
from tenants.sso.models import GroupClaim, Identity, Policy, Provider
from tenants.sso.services import roles
from tenants.sso.types import PolicyView

MOST_RULES = 200
#: Roles an identity provider can give. Owners are made and unmade by owners alone.
GIVEN = frozenset(role.value for role in Role) - {Role.OWNER.value}


def policy() -> PolicyView:
    """Return the tenant's policy; the defaults when nothing was ever set."""
    row = Policy.objects.filter(id=1).first()
    return _view(row) if row is not None else PolicyView()


@transaction.atomic
def change_policy(
    *,
    required: bool | None = None,
    break_glass: str | None = None,
    default_role: str | None = None,
    rules: Sequence[tuple[str, str]] | None = None,
) -> PolicyView:
    """Change what is given; raises Invalid and Conflict. New rules count for everyone at once."""
    roles.one_at_a_time()
    Policy.objects.get_or_create(id=1)
    row = Policy.objects.select_for_update().get(id=1)
    before = _view(row)
    if default_role is not None:
        row.default_role = _given("default_role", default_role)
    if rules is not None:
        row.rules = _rules(rules)
    if break_glass is not None:
        row.break_glass_id = _owner(break_glass)
    if required is not None:
        row.required = required
    if row.required:
        _may_be_required(row)
    row.save()
    after = _view(row)
    if after != before:
        record("sso.policy", "policy", before=_plain(before), after=_plain(after))
    if (after.rules, after.default_role) != (before.rules, before.default_role):
        claimed = GroupClaim.objects.order_by("user_id").values_list("user_id", flat=True).distinct()
        roles.settle_all(claimed, after)
    return after


def refusal(user_id: str, provider_id: str) -> str:
    """Why a session of this person may not go on (a code of `types.SENTENCES`); empty when it may.

    `provider_id` is the provider that began the session, empty for a password or passkey.
    """
    if provider_id:
        known = Identity.objects.filter(provider_id=provider_id, provider__enabled=True, user_id=user_id)
        return "" if known.exists() else "sso-off"
    found = policy()
    return "" if not found.required or may_use_password(user_id, found) else "sso-required"


def may_use_password(user_id: str, found: PolicyView) -> bool:
    """Whether this person gets in without a provider while one is required.

    The chosen owner may. When nobody chosen is an owner any more, every owner may: a workspace cannot lock
    itself out.
    """
    if role_of_user(user_id) != Role.OWNER:
        return False
    return found.break_glass == user_id or role_of_user(found.break_glass) != Role.OWNER


def keep_one_way_in(leaving: str) -> None:
    """Raise Conflict when single sign-on is required and this is the last provider that is switched on."""
    if policy().required and not Provider.objects.filter(enabled=True).exclude(id=leaving).exists():
        raise Conflict(
            "last-provider",
            "Single sign-on is required and this is the last provider that is on; nothing was changed. "
            "Stop requiring single sign-on first.",
        )


def _may_be_required(row: Policy) -> None:
    if not Provider.objects.filter(enabled=True).exists():
        raise Conflict(
            "no-provider-on",
            "No provider is switched on, so nobody could sign in; nothing was changed. "
            "Test a provider and switch it on first.",
        )
    if row.break_glass_id is None:
        raise Invalid(
            "no-break-glass",
            "Nothing was changed.",
            fields={"break_glass": ["Choose the owner who may still sign in with a password."]},
        )


def _owner(user_id: str) -> str:
    found = user(user_id)
    if found is None or role_of_user(user_id) != Role.OWNER or not found.has_usable_password():
        raise Invalid(
            "bad-break-glass",
            "Nothing was changed.",
            fields={"break_glass": ["Must be an owner with a password."]},
        )
    return found.id


def _rules(rules: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    if len(rules) > MOST_RULES:
        raise Invalid("too-many-rules", "Nothing was changed.", fields={"rules": [f"At most {MOST_RULES}."]})
    return [{"group": group.strip(), "role": _given("rules", role)} for group, role in rules if group.strip()]


def _given(field: str, role: str) -> str:
    if role not in GIVEN:
        known = ", ".join(sorted(GIVEN))
        raise Invalid("role-not-given", "Nothing was changed.", fields={field: [f"One of: {known}."]})
    return role


def _view(row: Policy) -> PolicyView:
    rules = tuple((rule["group"], rule["role"]) for rule in row.rules)
    return PolicyView(row.required, row.break_glass_id or "", row.default_role, rules)


def _plain(view: PolicyView) -> dict[str, object]:
    return {
        "required": view.required,
        "break_glass": view.break_glass,
        "default_role": view.default_role,
        "rules": [{"group": group, "role": role} for group, role in view.rules],
    }
