"""Ends provisioning: its tokens, and what it said; the members stay as they are."""

from django.db import transaction
from django.utils import timezone

from tenants.audit.services import record
from tenants.scim.models import Group, Person, Token
from tenants.sso.services import SCIM, forget_all, one_at_a_time


@transaction.atomic
def stop() -> None:
    """End every token and forget groups and attributes; roles stay, and the groups of a sign-in count again."""
    one_at_a_time()
    tokens = Token.objects.filter(revoked_at=None).update(revoked_at=timezone.now())
    groups, people = Group.objects.all().delete()[1].get("scim.Group", 0), Person.objects.all().delete()[0]
    forget_all(SCIM)
    record("scim.stop", "scim", before={"tokens": tokens, "groups": groups, "people": people})
