"""Runs queued jobs in the test's own process and transaction."""

import json

from django.db import connection

from tenants.jobs.execution import perform

NEXT = """
    DELETE FROM jobs.queue WHERE message_id = (
        SELECT message_id FROM jobs.queue
         WHERE "state" = 'queued' AND available_at <= clock_timestamp() + make_interval(secs => %s)
         ORDER BY available_at, position LIMIT 1)
    RETURNING message::text, tenant
"""


def run_pending(ahead: float = 0) -> int:
    """Run messages due within ``ahead`` seconds until none is left; an exception of a job is the test's."""
    ran = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(NEXT, [ahead])
            row = cursor.fetchone()
        if row is None:
            return ran
        message = json.loads(row[0])
        perform(message["actor_name"], message["args"], row[1])
        ran += 1
