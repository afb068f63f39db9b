"""Membership: one role per user; and invitations to become a member."""

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


class Invitation(models.Model):
    """An invitation not accepted yet; one per address. The link's secret is in the mail, here is its hash."""

    id = PrefixedIdField(prefix="inv")
    email = models.EmailField(unique=True)
    role = models.CharField(max_length=12)
    key_hash = models.CharField(max_length=64, db_index=True, blank=True, default="")
    invited_by = models.ForeignKey("accounts.User", null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.email} {self.role}"
