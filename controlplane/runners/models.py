"""Tables of runners; they live in each tenant's schema."""

from __future__ import annotations

from django.db import models

from tenants.ids import PrefixedIdField
from tenants.vault.fields import SealedTextField, declare_passing

RUNNERS = "runners_runner"
TABLE = "runners_relayedrequest"
declare_passing(TABLE, "work")
declare_passing(TABLE, "answer")


class Runner(models.Model):
    """One program at the customer. Its own private key is never here; that of our signatures is sealed."""

    id = PrefixedIdField(prefix="rnr")
    name = models.CharField(max_length=80, unique=True)
    enrolment_hash = models.CharField(max_length=64, blank=True, default="", db_index=True)
    enrolment_expires_at = models.DateTimeField(null=True)
    public_key = models.TextField(blank=True, default="")  # empty until it is enrolled
    work_key = SealedTextField(blank=True, default="")
    version = models.CharField(max_length=40, blank=True, default="")
    allowed = models.JSONField(default=list)  # the addresses it says it may reach
    read_only = models.BooleanField(default=False)
    enrolled_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    last_work_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class RelayedRequest(models.Model):
    """One request on its way: sealed work for the runner, then its sealed answer; gone when that was read."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting"
        HANDED = "handed"
        ANSWERED = "answered"

    id = PrefixedIdField(prefix="rly")
    runner = models.ForeignKey(Runner, on_delete=models.CASCADE, related_name="requests")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    work = models.TextField()
    answer = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["runner", "state", "id"])]
