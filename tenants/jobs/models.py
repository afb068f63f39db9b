"""Jobs of a tenant that failed for good."""

from django.db import models

from tenants.ids import PrefixedIdField


class JobFailure(models.Model):
    """A job that used up its retries: what it was, with which ids, why it failed."""

    id = PrefixedIdField(prefix="jfl")
    message_id = models.UUIDField(unique=True)
    job = models.CharField(max_length=120)
    queue = models.CharField(max_length=60)
    arguments = models.JSONField()
    reason = models.TextField()
    failed_at = models.DateTimeField(auto_now_add=True)
    retried_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.job} {self.message_id}"
