"""Roles of large groups in portions, and events kept short."""

from django.db import transaction

from tenants.audit.actors import Actor, name_actor
from tenants.jobs.services import every, job
from tenants.scim.services.events import prune
from tenants.sso.services import SCIM, claimed_by, one_at_a_time, policy, settle_all

AT_ONCE = 100  # roles changed in one transaction, while all other writers of the tenant wait


@job(max_retries=10)
def settle_roles(token_id: str, token_name: str) -> None:
    """Give everybody provisioned the role their groups make, in the name of the token that asked for it."""
    name_actor(Actor(SCIM, token_id, token_name))
    left = True
    while left:
        with transaction.atomic():
            one_at_a_time()
            left = settle_all(claimed_by(SCIM), policy(), SCIM, most=AT_ONCE)


@every(seconds=3600)
@job(max_retries=0)
def prune_events() -> None:
    """Drop events older than 30 days or beyond the newest 5,000."""
    prune()
