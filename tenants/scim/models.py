"""Tables of provisioning; each row belongs to the tenant of its schema."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.ids import PrefixedIdField


class Person(models.Model):
    """What provisioning said of a member; who was never provisioned has no row.

    Only what is used is kept: no telephone number, address or manager, whatever is sent.
    """

    user = models.OneToOneField(
        "accounts.User", primary_key=True, on_delete=models.CASCADE, related_name="provisioned"
    )
    user_name = models.CharField(max_length=254)  # as it was sent
    user_name_key = models.CharField(max_length=254, unique=True)  # as it is compared
    external_id = models.CharField(max_length=254, blank=True, default="", db_index=True)
    display_name = models.CharField(max_length=254, blank=True, default="")
    attributes = models.JSONField(default=dict)  # name, displayName and emails, as they were sent
    addresses = ArrayField(models.CharField(max_length=254), default=list)  # of emails, in lower case
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.user_name


class Group(models.Model):
    """A group of the identity provider; the tenant's rules make a role of its name."""

    id = PrefixedIdField(prefix="grp")
    name = models.CharField(max_length=254)
    name_key = models.CharField(max_length=254, unique=True)
    external_id = models.CharField(max_length=254, blank=True, default="", db_index=True)
    version = models.PositiveBigIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """Who is in a group."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="belonging")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="provisioned_groups")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="scim_once_in_a_group")]

    def __str__(self) -> str:
        return f"{self.group_id} {self.user_id}"


class Token(models.Model):
    """A SCIM token: public prefix and keyed hash of the secret, which itself is never stored."""

    id = PrefixedIdField(prefix="sct")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.prefix} {self.name}"


class Event(models.Model):
    """A write that was asked for, and what came of it; for the administrator, pruned hourly."""

    id = PrefixedIdField(prefix="sev")
    at = models.DateTimeField(db_index=True)
    token = models.ForeignKey(Token, null=True, on_delete=models.SET_NULL, related_name="+")
    method = models.CharField(max_length=8)
    resource = models.CharField(max_length=8)
    resource_id = models.CharField(max_length=64, blank=True, default="")
    label = models.CharField(max_length=254, blank=True, default="")  # userName or name of the group
    status = models.PositiveSmallIntegerField()
    detail = models.CharField(max_length=500, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.method} {self.resource} {self.status}"
