"""API tokens; the secret itself is never stored."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.ids import PrefixedIdField


class ApiToken(models.Model):
    """A token of this tenant: public prefix, keyed hash of the secret, scopes, expiry."""

    id = PrefixedIdField(prefix="tok")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40))
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.prefix} {self.name}"
