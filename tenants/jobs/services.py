"""Declare jobs, enqueue them with the change they belong to, schedule them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from time import time
from typing import Any, Generic, ParamSpec
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from tenants.audit.services import record
from tenants.errors import Conflict, NotFound
from tenants.isolation.context import require_tenant
from tenants.jobs.models import JobFailure
from tenants.redaction import redacted_text

P = ParamSpec("P")
ENQUEUE = "SELECT jobs.enqueue(%s::uuid, %s, %s::jsonb, %s, %s)"
_jobs: dict[str, "Job[Any]"] = {}
_schedule: dict[str, float] = {}
_kept: list[tuple[Callable[[], None], float]] = []


@dataclass(frozen=True, slots=True)
class Job(Generic[P]):
    """A function that workers run inside the tenant that enqueued it. Calling it runs it here and now."""

    name: str
    function: Callable[P, None]
    queue: str
    max_retries: int
    time_limit: int
    longest_wait: int | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run the function in this process."""
        self.function(*args, **kwargs)

    def enqueue(self, *args: str | int, delay: float = 0, unique_key: str | None = None) -> UUID | None:
        """Put a message on the queue in the caller's transaction; it runs after commit, in this tenant.

        `delay` in seconds. With `unique_key`, nothing is added (and None returned) while a message of this
        job with the same key is still waiting.
        """
        require_tenant()
        message_id = uuid4()
        key = f"{self.name}:{unique_key}" if unique_key else None
        message = {
            "queue_name": self.queue,
            "actor_name": self.name,
            "args": list(args),
            "kwargs": {},
            "options": {"unique_key": key} if key else {},
            "message_id": str(message_id),
            "message_timestamp": int(time() * 1000),
        }
        values: list[str | int | None] = [
            str(message_id),
            self.queue,
            json.dumps(message),
            int(delay * 1000),
            key,
        ]
        with connection.cursor() as cursor:
            cursor.execute(ENQUEUE, values)
            row = cursor.fetchone()
        return message_id if row and row[0] else None


def job(
    *, queue: str = "default", max_retries: int = 5, time_limit: int = 600, longest_wait: int | None = None
) -> Callable[[Callable[P, None]], Job[P]]:
    """Declare a function in an app's `jobs.py` as a job; `time_limit` in seconds.

    A job that fails is tried again after a pause that doubles up to an hour, or up to `longest_wait` (seconds). While it
    waits it keeps its `unique_key`: nothing with the key runs before.

    Each queue has worker processes of its own, so that one kind of work never waits for another: `urgent` blocks and
    their end, `alerts` messages going out, `analysis` work over many calls, `default` everything else.
    """

    def declare(function: Callable[P, None]) -> Job[P]:
        name = f"{function.__module__.split('.')[-2]}.{function.__name__}"
        declared = Job(name, function, queue, max_retries, time_limit, longest_wait)
        _jobs[name] = declared
        return declared

    return declare


def every(*, seconds: float) -> Callable[[Job[P]], Job[P]]:
    """Let the scheduler enqueue a job without arguments for every active tenant, at most one waiting."""

    def declare(declared: Job[P]) -> Job[P]:
        _schedule[declared.name] = seconds
        return declared

    return declare


def kept(*, seconds: float) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Let the scheduler itself call a function in every tenant, suspended ones too, about as often.

    For what takes milliseconds and must not wait behind other work in a queue. It may be called twice at once.
    """

    def declare(function: Callable[[], None]) -> Callable[[], None]:
        _kept.append((function, seconds))
        return function

    return declare


def declared_jobs() -> dict[str, "Job[Any]"]:
    """Return every job of every app by name."""
    discover()
    return dict(_jobs)


@cache
def discover() -> None:
    """Import every app's `jobs.py`, once."""
    autodiscover_modules("jobs")


def schedule() -> list[tuple["Job[Any]", float]]:
    """Return the jobs the scheduler enqueues, with their periods in seconds."""
    jobs = declared_jobs()
    return [(jobs[name], seconds) for name, seconds in sorted(_schedule.items())]


def keeping() -> list[tuple[Callable[[], None], float]]:
    """Return what the scheduler calls by itself, with the periods in seconds."""
    discover()
    return list(_kept)


def record_failure(message: dict[str, Any], reason: str) -> None:
    """Note in the entered tenant that a message failed for good; noting it twice changes nothing.

    What looks like a secret in the reason is blanked: libraries write into exceptions what they were given.
    """
    JobFailure.objects.get_or_create(
        message_id=message["message_id"],
        defaults={
            "job": message["actor_name"],
            "queue": message["queue_name"],
            "arguments": message["args"],
            "reason": redacted_text(reason)[:4000],
        },
    )


@transaction.atomic
def retry_failure(failure_id: str) -> UUID | None:
    """Enqueue a failed job again with the same ids."""
    failure = JobFailure.objects.select_for_update().filter(id=failure_id).first()
    if failure is None:
        raise NotFound("no-such-failure", "There is no failed job with this id.")
    declared = declared_jobs().get(failure.job)
    if declared is None:
        raise Conflict("job-is-gone", f"The job {failure.job} no longer exists; nothing was enqueued.")
    failure.retried_at = timezone.now()
    failure.save(update_fields=["retried_at"])
    record("job.retry", failure.id, after={"job": failure.job})
    return declared.enqueue(*failure.arguments)
