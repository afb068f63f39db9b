"""The audit table: the tenant's role may add and read, never change."""

from django.db import models


class Entry(models.Model):
    """One change. `hash` covers every other field (`chain.FIELDS` of its `hash_version`) and the previous hash."""

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=254)
    action = models.CharField(max_length=80, db_index=True)
    target = models.CharField(max_length=200, db_index=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")
    # Defaults of the database: the release before writes entries without these while both run.
    client_address = models.CharField(max_length=45, blank=True, default="", db_default="")
    user_agent = models.CharField(max_length=200, blank=True, default="", db_default="")
    hash_version = models.PositiveSmallIntegerField(default=1, db_default=1)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.target}"
