"""Dramatiq over our queue table: used by workers only (the product enqueues by `jobs.enqueue`)."""

import json
from typing import Any

import dramatiq
from django.db import connections
from dramatiq.middleware import CurrentMessage, Retries, ShutdownNotifications, TimeLimit
from dramatiq.middleware.middleware import Middleware
from dramatiq_postgres.broker import PostgresBroker, PostgresConsumer
from psycopg.types.json import Json

from tenants.isolation.routers import APP
from tenants.queue.sql import SCHEMA

MIN_BACKOFF_MS = 5_000
MAX_BACKOFF_MS = 3_600_000

# The tenant comes from the column the database stamped, whatever the message says.
CLAIM = """
    WITH next AS (
        SELECT message_id FROM jobs.queue
         WHERE queue_name = %s AND "state" = 'queued' AND available_at <= now()
         ORDER BY available_at, position LIMIT %s FOR UPDATE SKIP LOCKED)
    UPDATE jobs.queue AS q SET "state" = 'consumed', worker_id = %s, consumed_at = now(), mtime = now()
      FROM next WHERE q.message_id = next.message_id
    RETURNING jsonb_set(q.message, '{options,tenant}', to_jsonb(q.tenant::text))::text
"""
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


class QueueConsumer(PostgresConsumer):  # type: ignore[misc]
    """Claims messages with the tenant of their row."""

    def claim(self, limit: int) -> None:
        """Claim up to `limit` due messages."""
        with self.get_consume_conn().transaction() as _, self.get_consume_conn().cursor() as cursor:
            cursor.execute(CLAIM, (self.queue_name, limit, self.broker.worker_id))
            rows = cursor.fetchall()
        self.buffer.extend(dramatiq.Message.decode(text.encode()) for (text,) in rows)


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
        values = {
            "message": Json(body),
            "delay": delay or 0,
            "key": body["options"].get("unique_key"),
            "id": message.message_id,
        }
        with self.pool.connection() as connection:
            connection.execute(REQUEUE, values)
        return message


def make_broker(middleware: list[Middleware]) -> QueueBroker:
    """Return the broker of a worker process, connected as the app role.

    A worker that died without a word is noticed after 10 s; what it had claimed is then delivered again.
    """
    parameters = connections[APP].get_connection_params()
    names = {"host", "port", "user", "password", "dbname", "sslmode", "sslrootcert"}
    broker = QueueBroker(
        url={name: value for name, value in parameters.items() if name in names},
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
    dramatiq.set_broker(broker)
    return broker
