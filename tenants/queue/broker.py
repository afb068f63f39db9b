"""Dramatiq over our queue table: used by workers only (the product enqueues by `jobs.enqueue`)."""

import json
import secrets
from collections import Counter
from typing import Any

import dramatiq
from django.db import connections
from dramatiq.broker import MessageProxy
from dramatiq.errors import BrokerConnectionError
from dramatiq.middleware import CurrentMessage, Retries, ShutdownNotifications, TimeLimit
from dramatiq.middleware.middleware import Middleware
from dramatiq_postgres.broker import CLAIM_BATCH_MAX, PostgresBroker, PostgresConsumer
from dramatiq_postgres.utils import tidy4json
from psycopg import OperationalError
from psycopg.types.json import Json

from tenants.isolation.credentials import libpq
from tenants.isolation.routers import APP
from tenants.queue.sql import SCHEMA
from tenants.redaction import redacted_text

MIN_BACKOFF_MS = 5_000
MAX_BACKOFF_MS = 3_600_000

# The tenant, and all else that says which row it is, comes from what the database stamped, whatever the message says.
CLAIM = "SELECT tenant, message FROM jobs.claim(%s, %s::int, %s::uuid, %s, %s::jsonb, %s::int)"
# A retry changes its own row; it never makes one, so it cannot choose a tenant. Its key is taken back
# unless another message with the key waits already.
REQUEUE = """
    UPDATE jobs.queue AS q
       SET "state" = 'queued', message = %(message)s, worker_id = NULL, consumed_at = NULL, mtime = now(),
           available_at = now() + make_interval(secs => %(delay)s / 1000.0),
           unique_key = CASE WHEN EXISTS (
               SELECT 1 FROM jobs.queue AS o WHERE o.tenant = q.tenant AND o."state" = 'queued'
                  AND o.unique_key = %(key)s AND o.message_id <> q.message_id) THEN NULL ELSE %(key)s END
     WHERE message_id = %(id)s
"""
# The library's own statements tell every session of the database what was in the message (NOTIFY knows no rights).
ACK = "DELETE FROM jobs.queue WHERE message_id = %s AND queue_name = %s AND \"state\" = 'consumed'"
NACK = """
    UPDATE jobs.queue SET "state" = 'rejected', message = %s, worker_id = NULL, mtime = now()
     WHERE message_id = %s AND queue_name = %s AND "state" <> 'rejected'
"""


class QueueConsumer(PostgresConsumer):  # type: ignore[misc]
    """Claims messages of each tenant in turn, with the tenant of their row.

    A tenant never has all of the process's hands, however much it has waiting: one is kept for the others.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._turn = f"t_{secrets.token_hex(8)}"  # processes begin with different tenants
        self._tenants: dict[str, str] = {}  # of the messages this consumer has

    def __next__(self) -> MessageProxy | None:
        """Return the next message; None after a while without one.

        The library's own forgets a notice that comes while it claims, and then sleeps until the next look.
        """
        try:
            session = self.get_consume_conn()
            self.broker.maybe_heartbeat(session)
            self.broker.maybe_maintenance(session)
            self.wakeup.clear()
            capacity = self.prefetch - len(self.in_processing)
            if not self.buffer and capacity > 0:
                self.claim(min(capacity, CLAIM_BATCH_MAX))
        except OperationalError as error:
            raise BrokerConnectionError(str(error)) from error  # type: ignore[no-untyped-call]
        if not self.buffer:
            self.wakeup.wait(min(self.timeout_s, self.broker.poll_interval))
            return None
        message = self.buffer.pop(0)
        self.in_processing.add(message.message_id)
        return MessageProxy(message)

    def claim(self, limit: int) -> None:
        """Claim up to `limit` due messages."""
        held = Json(Counter(self._tenants.values()))
        values = (
            self.queue_name,
            limit,
            self.broker.worker_id,
            self._turn,
            held,
            max(1, self.prefetch - 1),
        )
        with self.get_consume_conn().transaction() as _, self.get_consume_conn().cursor() as cursor:
            cursor.execute(CLAIM, values)
            rows = cursor.fetchall()
        for tenant, text in rows:
            message = dramatiq.Message.decode(text.encode())
            self._turn = tenant
            self._tenants[message.message_id] = tenant
            self.buffer.append(message)

    def ack(self, message: Any) -> None:
        """Remove a message that was dealt with; called in the worker's thread."""
        self._settle(message, ACK, (message.message_id, message.queue_name))

    def nack(self, message: Any) -> None:
        """Set aside a message that failed for good; called in the worker's thread."""
        _blank(message.options)
        self._settle(message, NACK, (Json(tidy4json(message)), message.message_id, message.queue_name))

    def _settle(self, message: Any, statement: str, values: tuple[Any, ...]) -> None:
        try:
            with self.pool.connection() as connection:
                connection.execute(statement, values)
        except OperationalError as error:
            raise BrokerConnectionError(str(error)) from error  # type: ignore[no-untyped-call]
        self.in_processing.discard(message.message_id)
        self._tenants.pop(message.message_id, None)
        self.wakeup.set()


class QueueBroker(PostgresBroker):  # type: ignore[misc]
    """Delays by `available_at`, so there are no delay queues; consumes only what tenants enqueued."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30000) -> QueueConsumer:
        """Return a consumer of one queue."""
        return QueueConsumer(broker=self, queue_name=queue_name, prefetch=prefetch, timeout=timeout)

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue; there is nothing to create."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = True
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Any, *, delay: int | None = None) -> Any:
        """Put a message that failed back for a retry."""
        body = json.loads(message.encode())
        body["options"].pop("tenant", None)
        _blank(body["options"])
        values = {
            "message": Json(body),
            "delay": delay or 0,
            "key": body["options"].get("unique_key"),
            "id": message.message_id,
        }
        with self.pool.connection() as connection:
            connection.execute(REQUEUE, values)
        return message


def _blank(options: dict[str, Any]) -> None:
    """Take what looks like a secret out of the traceback that the library keeps with a message."""
    if "traceback" in options:
        options["traceback"] = redacted_text(options["traceback"])


def make_broker(middleware: list[Middleware]) -> QueueBroker:
    """Return the broker of a worker process, connected as the app role.

    A worker that died without a word is noticed after 10 s; what it had claimed is then delivered again.
    """
    connection = connections[APP]
    broker = QueueBroker(
        url=libpq(connection.get_connection_params()),
        schema=SCHEMA,
        results=False,
        heartbeat_interval=2.0,
        heartbeat_ttl=10.0,
        maintenance_interval=5.0,
        middleware=[
            TimeLimit(interval=1000),
            ShutdownNotifications(),
            CurrentMessage(),
            Retries(min_backoff=MIN_BACKOFF_MS, max_backoff=MAX_BACKOFF_MS),
            *middleware,
        ],
    )
    kept = dict(broker.pool.kwargs)
    # A password may not last as long as the worker: each new session asks for it.
    broker.pool.kwargs = lambda: kept | libpq(connection.get_connection_params())
    dramatiq.set_broker(broker)
    return broker
