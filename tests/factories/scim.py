"""A SCIM token, a provisioned person in a group, and an event of each tenant."""

from datetime import timedelta

from django.utils import timezone

from tenants.members.queries import members
from tenants.scim import services
from tenants.scim.models import Group, GroupMember, Person
from tenants.scim.types import Asked


def build() -> dict[str, str]:
    """Create them in the entered tenant."""
    token = services.create_token("CANARY", timezone.now() + timedelta(days=1), None)
    user = members()[0].user
    Person.objects.create(user_id=user, user_name="CANARY", user_name_key="canary", external_id="CANARY")
    group = Group.objects.create(name="CANARY", name_key="canary")
    GroupMember.objects.create(group=group, user_id=user)
    services.note(token.id, Asked("PATCH", "User", "CANARY", "CANARY"), 200, "CANARY")
    return {"sso-scim-token": token.id}
