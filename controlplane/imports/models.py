"""Table of imports."""

from __future__ import annotations

from django.db import models

from tenants.ids import PrefixedIdField


class Import(models.Model):
    """One dropped file and what became of it."""

    class State(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = PrefixedIdField(prefix="imp")
    filename = models.TextField()
    host = models.TextField(default="")
    size = models.BigIntegerField()
    format = models.TextField(default="")
    format_title = models.TextField(default="")
    state = models.TextField(choices=State.choices, default=State.QUEUED)
    calls = models.IntegerField(default=0)
    duplicates = models.IntegerField(default=0)
    quarantined = models.IntegerField(default=0)
    routes = models.IntegerField(default=0)
    errors = models.JSONField(default=list)
    failure = models.TextField(default="")
    connection = models.TextField(default="")
    author = models.TextField(default="")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
