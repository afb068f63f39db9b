"""Archives a tenant asked for."""

from django.db import models

from tenants.ids import PrefixedIdField


class Archive(models.Model):
    """One file with everything the tenant had at `taken_at`."""

    class State(models.TextChoices):
        """Life of an archive."""

        QUEUED = "queued"
        READY = "ready"
        FAILED = "failed"
        EXPIRED = "expired"

    id = PrefixedIdField(prefix="arc")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    size = models.BigIntegerField(null=True)  # bytes
    sha256 = models.CharField(max_length=64, blank=True, default="")
    problem = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    taken_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.id
