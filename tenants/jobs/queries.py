"""Reads about the tenant's jobs."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from tenants.jobs.models import JobFailure


@dataclass(frozen=True, slots=True)
class Backlog:
    """Due messages of the tenant in one queue, and the age of the oldest in seconds."""

    queue: str
    waiting: int
    oldest_seconds: float


def failures() -> "QuerySet[JobFailure]":
    """Return the tenant's jobs that failed for good."""
    return JobFailure.objects.all()


def backlog() -> list[Backlog]:
    """Return what waits for a worker in the entered tenant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT queue_name, waiting, oldest_seconds FROM jobs.waiting()")
        return [Backlog(*row) for row in cursor.fetchall()]
