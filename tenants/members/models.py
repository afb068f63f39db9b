"""Membership: one role per user."""

from django.db import models

from tenants.ids import PrefixedIdField
from tenants.members.permissions import Role


class Membership(models.Model):
    """What a user is in this tenant."""

    id = PrefixedIdField(prefix="mbr")
    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="membership")
    role = models.CharField(max_length=12, choices=[(role.value, role.value) for role in Role])
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"
