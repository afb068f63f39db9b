"""Tables of detection: actors, what they did, and the threats they are."""

from __future__ import annotations

from django.db import models

from tenants.ids import PrefixedIdField


class Actor(models.Model):
    """Someone who did something; ``key`` is an address, a keyed hash of a principal, or a campaign's name."""

    id = PrefixedIdField(prefix="act")
    kind = models.TextField()
    key = models.TextField()
    label = models.TextField()
    addresses = models.JSONField(default=list)
    first_ts = models.BigIntegerField()
    last_ts = models.BigIntegerField()
    score = models.FloatField(default=0)  # at ``last_ts``; it halves from there on
    rank = models.FloatField(default=0)  # log2(score) + last_ts in half-lives: orders by score at any time

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="one_actor_per_key")]
        indexes = [models.Index(fields=["-rank"])]


class ActorEvidence(models.Model):
    """One thing an actor did in one window of one detector."""

    id = PrefixedIdField(prefix="evd")
    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="evidence")
    detector = models.TextField()
    attack_class = models.TextField()
    bucket = models.BigIntegerField()
    first_ts = models.BigIntegerField()
    last_ts = models.BigIntegerField()
    points = models.IntegerField()
    confidence = models.FloatField()
    requests = models.IntegerField()
    succeeded = models.IntegerField()
    endpoints = models.JSONField(default=list)
    sentence = models.TextField()
    call_ids = models.JSONField(default=list)
    succeeded_ids = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["actor", "detector", "attack_class", "bucket"], name="one_evidence_per_window"
            )
        ]
        indexes = [models.Index(fields=["bucket"])]


class Threat(models.Model):
    """One kind of attack by one actor, as it stands."""

    class Status(models.TextChoices):
        """A person closes a threat; new evidence opens it again."""

        OPEN = "open"
        CLOSED = "closed"

    id = PrefixedIdField(prefix="thr")
    actor = models.ForeignKey(Actor, on_delete=models.CASCADE, related_name="threats")
    kind = models.TextField()
    title = models.TextField()
    severity = models.TextField()
    status = models.TextField(choices=Status.choices, default=Status.OPEN)
    status_reason = models.TextField(default="")
    closed_ts = models.BigIntegerField(null=True)
    confidence = models.FloatField()
    spoofable = models.BooleanField(default=False)
    requests = models.IntegerField()
    succeeded = models.IntegerField()
    endpoints = models.JSONField(default=list)
    sentence = models.TextField()
    score = models.FloatField()
    first_ts = models.BigIntegerField()
    last_ts = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["actor", "kind"], name="one_threat_per_actor_and_kind")
        ]
        indexes = [models.Index(fields=["status", "-score"])]
