"""What a worker process does with a message: run it in its tenant, retry, or note that it failed."""

import json
from collections.abc import Sequence
from contextvars import Context
from typing import Any

import dramatiq
import structlog
from django.db import close_old_connections, connection, connections
from dramatiq.errors import Retry
from dramatiq.middleware import CurrentMessage
from dramatiq.middleware.middleware import Middleware
from dramatiq.worker import Worker
from psycopg.pq import TransactionStatus

from tenants.isolation.context import no_tenant, tenant_context
from tenants.jobs.execution import Postponed, perform
from tenants.jobs.services import Job, declared_jobs, record_failure
from tenants.orgs.queries import by_schema
from tenants.queue.broker import QueueBroker, make_broker
from tenants.redaction import redacted_text

log = structlog.get_logger(__name__)
POSTPONE_MS = 300_000
REJECTED = (
    "SELECT message::text, tenant FROM jobs.queue WHERE \"state\" = 'rejected' ORDER BY position LIMIT 500"
)
FORGET = "DELETE FROM jobs.queue WHERE message_id = %s AND \"state\" = 'rejected'"


#: What waits or beats "in the future" was written before the clock was set back: it would wait until time caught up.
SET_BACK = """
    WITH late AS (UPDATE jobs.worker SET heartbeat_at = now() WHERE heartbeat_at > now() + interval '1 minute')
    UPDATE jobs.queue SET available_at = now(), mtime = now()
     WHERE "state" = 'queued' AND mtime > now() + interval '1 minute'
"""


class DatabaseThreads(Middleware):
    """Closes the database connections of worker and consumer threads when they end."""

    def before_worker_thread_shutdown(self, broker: Any, thread: Any) -> None:
        """Close the worker thread's connections."""
        connections.close_all()

    def before_consumer_thread_shutdown(self, broker: Any, thread: Any) -> None:
        """Close the consumer thread's connections."""
        connections.close_all()


class FailureLog(Middleware):
    """Moves messages that failed for good into their tenant's failure table."""

    def after_nack(self, broker: Any, message: Any) -> None:
        """Note the failure at once; what a crash leaves behind `sweep_rejected` picks up."""
        sweep_rejected()


def sweep_rejected() -> int:
    """Note every rejected message in its tenant and remove it from the queue; return how many."""
    with no_tenant():
        with connection.cursor() as cursor:
            cursor.execute(REJECTED)
            rows = cursor.fetchall()
        for text, schema in rows:
            message = json.loads(text)
            reason = message["options"].get("reason") or message["options"].get("traceback", "unknown reason")
            if by_schema(schema) is not None:
                with tenant_context(schema):
                    record_failure(message, reason)
            with connection.cursor() as cursor:
                cursor.execute(FORGET, [message["message_id"]])
    return len(rows)


def release_set_back() -> int:
    """Make due what was enqueued before the database's clock was set back by more than a minute; return how many."""
    with no_tenant(), connection.cursor() as cursor:
        cursor.execute(SET_BACK)
        return int(cursor.rowcount)


def carry_out(name: str, args: Sequence[str | int], schema: str) -> None:
    """Run one job in a context and on connections that nothing before it has touched, whatever that left behind.

    The exception of a time limit can strike between any two instructions: where a `with` has entered the tenant and
    would not leave it any more, or inside a transaction that would never be committed.
    """
    _begin_anew()
    try:
        Context().run(perform, name, args, schema)
    finally:
        _begin_anew()


def _begin_anew() -> None:
    """Close this thread's connections that are old, unusable or still inside something."""
    for held in connections.all(initialized_only=True):
        if held.in_atomic_block or not _is_idle(held.connection):
            if held.connection is not None:
                held.connection.close()
            # Django keeps what is inside a transaction, and would take the next one for a part of it.
            del connections[held.alias]
    close_old_connections()


def _is_idle(session: Any) -> bool:
    return session is None or session.info.transaction_status is TransactionStatus.IDLE


def _actor(declared: "Job[Any]", broker: QueueBroker) -> "dramatiq.Actor[Any, None]":
    """Declare one job as a dramatiq actor."""

    def run(*args: Any) -> None:
        message = CurrentMessage.get_current_message()
        assert message is not None
        try:
            carry_out(declared.name, args, message.options["tenant"])
        except Postponed as waiting:
            message.options["retries"] = -1
            raise Retry(str(waiting), delay=POSTPONE_MS) from None
        except BaseException as error:
            message.options["reason"] = redacted_text(f"{type(error).__name__}: {error}")
            log.exception("job failed", job=declared.name, tenant=message.options["tenant"])
            raise

    options = {"max_retries": declared.max_retries, "time_limit": declared.time_limit * 1000}
    if declared.longest_wait is not None:
        options["max_backoff"] = declared.longest_wait * 1000
    return dramatiq.Actor(
        run,
        broker=broker,
        actor_name=declared.name,
        queue_name=declared.queue,
        priority=0,
        options=options,
    )


def build() -> QueueBroker:
    """Return a broker that knows every job."""
    broker = make_broker([DatabaseThreads(), FailureLog()])
    for declared in declared_jobs().values():
        _actor(declared, broker)
    return broker


def start(queues: set[str] | None, threads: int, wake_ms: int = 1000) -> Worker:
    """Start working on these queues (None: all) in threads of this process; stop it by `Worker.stop`."""
    broker = build()
    # Starts what watches the time limits; dramatiq's own command line would do so.
    broker.emit_after("process_boot")
    worker = Worker(broker, queues=queues, worker_threads=threads, worker_timeout=wake_ms)
    worker.queue_prefetch = (
        threads  # what waits in a process's memory cannot be overtaken by another tenant's
    )
    worker.start()
    log.info("worker started", threads=threads, jobs=len(broker.actors))
    return worker
