"""The workspace's policy on second factors."""

from django.db import transaction

from tenants.accounts.models import SignInPolicy
from tenants.accounts.services.factors import has_factor
from tenants.accounts.types import SecondFactor
from tenants.audit.services import record
from tenants.errors import Conflict, Invalid


def second_factor_for() -> SecondFactor:
    """Return who must have a second factor."""
    found = SignInPolicy.objects.filter(id=1).values_list("second_factor", flat=True).first()
    return SecondFactor(found) if found else SecondFactor.NOBODY


@transaction.atomic
def require_second_factor(who: str, by: str) -> SecondFactor:
    """Say who must have a second factor; whoever says it (`by`, a user) has one, so that the rule locks nobody out.

    Raises Invalid and Conflict. The rule counts from the next request of everybody.
    """
    if who not in list(SecondFactor):
        known = ", ".join(SecondFactor)
        raise Invalid(
            "unknown-choice", "Nothing was changed.", fields={"second_factor": [f"One of: {known}."]}
        )
    chosen = SecondFactor(who)
    if chosen is not SecondFactor.NOBODY and not has_factor(by):
        raise Conflict(
            "no-factor-of-your-own",
            "You have no second factor yourself, so the rule would shut you out; nothing was changed. Set one up first.",
        )
    SignInPolicy.objects.get_or_create(id=1)
    row = SignInPolicy.objects.select_for_update().get(id=1)
    before, row.second_factor = row.second_factor, chosen
    if before != chosen:
        row.save(update_fields=["second_factor"])
        record(
            "sign-in.policy",
            "policy",
            before={"second_factor": before},
            after={"second_factor": chosen.value},
        )
    return chosen


def asks_factor_of(role: str | None) -> bool:
    """Whether the policy asks people of this role for a second factor."""
    wanted = second_factor_for()
    return wanted is SecondFactor.EVERYONE or (wanted is SecondFactor.ADMINS and role in ("owner", "admin"))
