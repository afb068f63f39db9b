"""Tables of alerts: where they go and what became of each."""

from __future__ import annotations

from django.db import models

from tenants.ids import PrefixedIdField
from tenants.vault.fields import SealedTextField


class Destination(models.Model):
    """One place alerts go to. Secrets of the settings are sealed apart."""

    id = PrefixedIdField(prefix="dst")
    connector = models.TextField()
    name = models.TextField(unique=True)
    settings = models.JSONField(default=dict)
    sealed = SealedTextField(default="")
    min_severity = models.TextField(default="high")
    events = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)


class Delivery(models.Model):
    """One message to one destination; a subject's version is announced there once."""

    class State(models.TextChoices):
        """Where a delivery stands."""

        QUEUED = "queued"
        DELIVERED = "delivered"
        RETRYING = "retrying"
        FAILED = "failed"

    id = PrefixedIdField(prefix="dlv")
    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, related_name="deliveries")
    event = models.TextField()
    subject_id = models.TextField()
    version = models.TextField()
    severity = models.TextField()
    subject = models.TextField()
    text = models.TextField()
    path = models.TextField(default="")
    payload = models.JSONField(default=dict)
    state = models.TextField(choices=State.choices, default=State.QUEUED)
    attempts = models.IntegerField(default=0)
    last_error = models.TextField(default="")
    remote_id = models.TextField(default="")
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "event", "subject_id", "version"],
                name="one_delivery_per_subject_version",
            )
        ]
