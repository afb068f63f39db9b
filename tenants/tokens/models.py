"""API tokens; the secret itself is never stored."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from tenants.ids import PrefixedIdField


class ApiToken(models.Model):
    """A token of this tenant: public prefix, keyed hash of the secret, scopes, expiry."""

    id = PrefixedIdField(prefix="tok")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40))
    #: CIDR ranges it is good from; none for anywhere.
    networks = ArrayField(models.CharField(max_length=43), default=list, db_default=[])
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    last_used_address = models.CharField(max_length=45, blank=True, default="", db_default="")
    last_used_agent = models.CharField(max_length=120, blank=True, default="", db_default="")
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.prefix} {self.name}"

    @property
    def state(self) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.expires_at > timezone.now() else "expired"

    @property
    def made_by(self) -> str:
        """Address of the person who made it; empty when the workspace itself did."""
        return self.created_by.email if self.created_by else ""
