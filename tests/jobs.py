"""Runs queued jobs in the test's own process and transaction, or one act by several workers at once."""

import json
import threading
from collections.abc import Callable

from django.db import close_old_connections, connection

from tenants.isolation.context import tenant_context
from tenants.jobs.execution import perform
from tenants.orgs.types import OrgInfo

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


def at_once(org: OrgInfo, act: Callable[[], object], workers: int = 2) -> list[Exception]:
    """Let several workers do the same in a tenant at the same time; what they failed with."""
    failed: list[Exception] = []

    def work() -> None:
        close_old_connections()
        try:
            with tenant_context(org.schema_name):
                act()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed
